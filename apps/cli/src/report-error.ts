import { GraftError } from "@graft-ml/core";
import { CommanderError } from "commander";
import type { Io } from "./io.ts";

/** How the commands whose work outlives an interruption go on. */
const GOES_ON: Readonly<Record<string, string>> = {
  "cli/fit": ": run the same command again with --resume and it goes on from there",
  "cli/embed": ": the features made so far are kept; run the same command again and it goes on from there",
  "cli/quickstart": ": the features made so far are kept; run the same command again and it goes on from there",
};

/** Tells what went wrong on stderr and returns the exit code: 2 the user's input, 1 a bug, 130 interrupted, 0 only help. */
export function reportError(error: unknown, command: string, io: Io): number {
  const say = (text: string): unknown => io.stderr.write(`${text}\n`);
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    say(`[${command}] ${usageMessage(error)}`);
    return 2;
  }
  if (error instanceof GraftError && error.code === "interrupted") {
    say(`[${command}] interrupted${GOES_ON[command] ?? ""}`);
    return 130;
  }
  if (error instanceof GraftError && error.code === "input") {
    // Names of files and classes may hold line breaks: one error, one line.
    say(error.message.replace(/\s*[\r\n]+\s*/g, " "));
    if (io.env.GRAFT_DEBUG) say(trace(error));
    return 2;
  }
  say(trace(error));
  say(
    "[cli] this is a bug in Graft, not in your input: please report it with the lines above and the command that you ran",
  );
  return 1;
}

/** `error: unknown option '--sead'\n(Did you mean --seed?)` → `unknown option "--sead"; did you mean "--seed"?` */
function usageMessage({ message }: CommanderError): string {
  return message
    .replace(/^error: /, "")
    .replace(/\n\(Did you mean (?:one of )?(.*)\?\)$/s, '; did you mean "$1"?')
    .replaceAll("'", '"')
    .replace(/\s*\n\s*/g, " ");
}

function trace(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by ${trace(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
