import { fail } from "@graft-ml/core";
import type { Command } from "commander";
import type { Io } from "../io.ts";

const HELP = `
Examples:
  $ graft cache
  $ graft cache prune --older-than 30
  $ graft cache prune --all`;

/** `graft cache`: what the feature cache holds, and making room. */
export function addCache(program: Command, io: Io): void {
  const cache = program
    .command("cache")
    .summary("show or prune the features kept for the next run")
    .addHelpText("after", HELP);
  cache.description("Shows or prunes the cache of features. GRAFT_CACHE moves it.");
  cache
    .command("show", { isDefault: true })
    .description("Shows what the cache holds.")
    .option("--json", "print one JSON document")
    .action(async (flags: { json?: boolean }) => {
      const { showCache } = await import("../actions/cache.ts");
      await showCache(flags, io);
    });
  cache
    .command("prune")
    .description("Removes features from the cache; they are made again when they are needed.")
    .option("--older-than <days>", "what was not used for so many days", days)
    .option("--all", "everything")
    .option("--json", "print one JSON document")
    .action(async (flags: { olderThan?: number; all?: boolean; json?: boolean }) => {
      if (flags.all !== true && flags.olderThan === undefined) {
        throw fail("cli/cache", "expected --all or --older-than <days>; received neither. Say what to remove");
      }
      const { prune } = await import("../actions/cache.ts");
      await prune(flags, io);
    });
}

function days(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0))
    throw fail("cli/cache", `expected --older-than to be a number of days ≥ 0; received ${JSON.stringify(text)}`);
  return value;
}
