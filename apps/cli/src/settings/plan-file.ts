import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type FreezingPlan, fail, type PlainOptions } from "@graft-ml/core";
import schema from "../../schema/graft.plan.schema.json" with { type: "json" };
import { checkValue, type Schema } from "./check-value.ts";

const WHERE = "cli/plan";
const LOCATION = "./node_modules/@graft-ml/cli/schema/graft.plan.schema.json";

/** The published schema of a freezing plan. */
export const PLAN_SCHEMA: Schema = schema;

/** Reads a freezing plan and checks it against its schema; whether it fits a backbone is for the strategy `planned` to say. */
export async function readPlanFile(path: string, cwd: string): Promise<PlainOptions> {
  const text = await readFile(resolve(cwd, path), "utf8").catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === "ENOENT" ? "it does not exist" : cause.message;
    throw fail(WHERE, `cannot read ${path}: ${reason}. Name a plan that graft inspect --save-plan has written`, {
      cause,
    });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fail(WHERE, `expected JSON in ${path}: ${(cause as Error).message}`, { cause });
  }
  checkValue(path, "", value, PLAN_SCHEMA, PLAN_SCHEMA);
  return value as PlainOptions;
}

/** Writes a freezing plan to be edited and passed back; a file that is there already is left alone. */
export async function writePlanFile(path: string, plan: FreezingPlan, cwd: string): Promise<void> {
  const file = resolve(cwd, path);
  const text = `${JSON.stringify({ $schema: LOCATION, ...plan }, null, 2)}\n`;
  await writeFile(file, text, { flag: "wx" }).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === "EEXIST" ? "it is there already" : cause.message;
    throw fail(WHERE, `cannot write ${path}: ${reason}. Name another file for --save-plan`, { cause });
  });
}
