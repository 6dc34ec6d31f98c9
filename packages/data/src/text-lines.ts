import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { checkInterrupted, fail, type RunControl } from "@graft-ml/core";
import { type SkippedPath, unreadable } from "./folder-walk.ts";
import { ROW_LIMIT } from "./table-file.ts";
import { findEncoding, readCharacters } from "./text-encoding.ts";
import type { TextList } from "./text-list.ts";
import { textProblem } from "./text-rows.ts";
import { textHash } from "./text-space.ts";

const WHERE = "data/text-lines";

/** How a file of lines is read. */
export interface TextLinesOptions {
  /** A label of the WHATWG's Encoding Standard. Default: UTF-8, else windows-1252. */
  readonly encoding?: string;
  readonly control?: RunControl;
}

/** Reads a plain text file, one text a line; empty lines are left out. */
export async function textLines(path: string, { encoding, control }: TextLinesOptions = {}): Promise<TextList> {
  const real = await realpath(path).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === "ENOENT" || cause.code === "ENOTDIR" ? "it does not exist" : unreadable(cause);
    throw fail(WHERE, `expected a file of lines; received ${JSON.stringify(path)}: ${why}. Check the path`, { cause });
  });
  const found = await findEncoding(WHERE, real, encoding, control?.signal);
  if (found.notice !== undefined) control?.onEvent?.({ type: "notice", message: found.notice });
  const samples: TextList["samples"] = [];
  const skipped: SkippedPath[] = [];
  let number = 0;
  const take = (line: string): void => {
    number++;
    const text = line.trim();
    const relative = `${basename(real)}:${number}`;
    if (text === "") return;
    const problem = textProblem(text);
    if (problem === undefined) samples.push({ text, relative, sha256: textHash(text) });
    else skipped.push({ path: join(dirname(real), relative), reason: problem });
  };
  let rest = "";
  for await (const chunk of readCharacters(WHERE, real, found, control?.signal)) {
    checkInterrupted(control?.signal, WHERE);
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const line of lines) take(line);
    if (rest.length > ROW_LIMIT)
      throw fail(
        WHERE,
        `expected lines of at most ${ROW_LIMIT} characters; received a longer one in ${real}, line ${number + 1}`,
      );
  }
  if (rest !== "") take(rest);
  return { samples, columns: [], skipped };
}
