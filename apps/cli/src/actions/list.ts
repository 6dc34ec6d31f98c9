import { fail, kebabCase, unknownName } from "@graft-ml/core";
import * as graft from "graft-ml";
import type { Io } from "../io.ts";
import { type Barrel, gatherPlugins, KIND_TITLES } from "../plugin-kinds.ts";
import { readConfigFile } from "../settings/config-file.ts";
import { PLUGIN_KINDS } from "../settings/fit-settings.ts";
import { table } from "../tables.ts";
import { backboneTable, describeBackbones } from "./list-backbones.ts";

/** One line of a listing. */
export interface Listed {
  readonly name: string;
  readonly summary: string;
}

/** Prints plugins by kind; `kind` is a listing's title or its singular, `pattern` what their names are like. */
export async function listPlugins(
  kind: string | undefined,
  pattern: string | undefined,
  flags: { config?: string; json?: boolean },
  io: Io,
): Promise<void> {
  const shown = PLUGIN_KINDS.filter((name) => kind === undefined || kind === name || kind === KIND_TITLES[name]);
  if (shown.length === 0) throw unknownName("cli/list", "kind", kind ?? "", Object.values(KIND_TITLES));
  const modules = flags.config === undefined ? {} : ((await readConfigFile(flags.config, io.cwd)).plugins ?? {});
  const plugins = await gatherPlugins(graft, modules);
  const barrels = { ...plugins, backbone: { ...graft.catalogueBackbones, ...plugins.backbone } };
  const listing = Object.fromEntries(
    shown.map((name) => [KIND_TITLES[name], matching(summaries(barrels[name]), pattern, KIND_TITLES[name])]),
  );
  const described = listing.backbones && describeBackbones(graft.catalogue, listing.backbones);
  if (flags.json) {
    io.stdout.write(`${JSON.stringify({ ...listing, ...(described && { backbones: described }) })}\n`);
    return;
  }
  if (kind !== undefined && described !== undefined) {
    io.stdout.write(backboneTable(described, io));
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

function matching(entries: readonly Listed[], pattern: string | undefined, title: string): readonly Listed[] {
  if (pattern === undefined) return entries;
  const names = new Set(
    graft.matchNames(
      entries.map(({ name }) => name),
      pattern,
    ),
  );
  if (names.size === 0) {
    const known = entries.map(({ name }) => name).join(", ");
    throw fail("cli/list", `no ${title} are named like "${pattern}"; known: ${known}`);
  }
  return entries.filter(({ name }) => names.has(name));
}

function summaries(barrel: Barrel): Listed[] {
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
