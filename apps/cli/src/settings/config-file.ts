import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fail } from "@graft-ml/core";
import { checkValue } from "./check-value.ts";
import { FIT_SCHEMA, type FitSettings } from "./fit-settings.ts";
import { resolveModules } from "./plugin-modules.ts";
import { placedTeacher } from "./teacher.ts";

const WHERE = "cli/config";

/** Reads and checks an experiment file; its paths come back absolute. */
export async function readConfigFile(path: string, cwd: string): Promise<FitSettings> {
  const file = resolve(cwd, path);
  const text = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === "ENOENT" ? "it does not exist" : cause.message;
    throw fail(WHERE, `cannot read ${path}: ${reason}. Name an experiment file`, { cause });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fail(WHERE, `expected JSON in ${path}: ${(cause as Error).message}`, { cause });
  }
  checkValue(path, "", value, FIT_SCHEMA, FIT_SCHEMA);
  const { $schema: _, ...settings } = value as FitSettings & { $schema?: string };
  const folder = dirname(file);
  const absolute = (relative: string): string => resolve(folder, relative);
  return {
    ...settings,
    ...(settings.data !== undefined && { data: absolute(settings.data) }),
    ...(settings.plan !== undefined && { plan: absolute(settings.plan) }),
    ...(settings.teacher !== undefined && { teacher: placedTeacher(settings.teacher, folder) }),
    ...(settings.out !== undefined && { out: absolute(settings.out) }),
    ...(settings.plugins !== undefined && { plugins: resolveModules(settings.plugins, file) }),
  };
}
