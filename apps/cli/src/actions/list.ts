import { kebabCase, unknownName } from "@graft-ml/core";
import * as graft from "graft-ml";
import type { Io } from "../io.ts";
import { type Barrel, gatherPlugins, KIND_TITLES } from "../plugin-kinds.ts";
import { readConfigFile } from "../settings/config-file.ts";
import { OPTION_KINDS } from "../settings/fit-settings.ts";
import { table } from "../tables.ts";

/** Prints plugins by kind; `kind` is a listing's title or its singular. */
export async function listPlugins(
  kind: string | undefined,
  flags: { config?: string; json?: boolean },
  io: Io,
): Promise<void> {
  const shown = OPTION_KINDS.filter((name) => kind === undefined || kind === name || kind === KIND_TITLES[name]);
  if (shown.length === 0) throw unknownName("cli/list", "kind", kind ?? "", Object.values(KIND_TITLES));
  const modules = flags.config === undefined ? {} : ((await readConfigFile(flags.config, io.cwd)).plugins ?? {});
  const plugins = await gatherPlugins(graft, modules);
  const listing = Object.fromEntries(shown.map((name) => [KIND_TITLES[name], summaries(plugins[name])]));
  if (flags.json) {
    io.stdout.write(`${JSON.stringify(listing)}\n`);
    return;
  }
  const sections = Object.entries(listing).map(([title, entries]) =>
    table(
      io,
      [title, ""],
      entries.map(({ name, summary }) => [name, summary]),
    ),
  );
  io.stdout.write(sections.join("\n"));
}

function summaries(barrel: Barrel): { name: string; summary: string }[] {
  return Object.entries(barrel)
    .filter(([, factory]) => typeof factory === "function")
    .map(([key, factory]) => ({ name: kebabCase(key), summary: summaryOf(factory as () => unknown) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function summaryOf(factory: () => unknown): string {
  try {
    const { summary } = factory() as { summary?: unknown };
    return typeof summary === "string" ? summary : "";
  } catch {
    // A plugin that needs options has no default to ask.
    return "";
  }
}
