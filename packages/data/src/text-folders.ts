import { stat } from "node:fs/promises";
import { relative as relativePath, sep } from "node:path";
import { checkInterrupted, GraftError } from "@graft-ml/core";
import { pool } from "./decode-batches.ts";
import type { ClassFolder } from "./folder-layout.ts";
import { walkFiles } from "./folder-walk.ts";
import { ROW_LIMIT } from "./table-file.ts";
import { findEncoding, readCharacters } from "./text-encoding.ts";
import { type FoundText, type FoundTexts, type Reading, textProblem } from "./text-rows.ts";
import { textVerdict } from "./text-sources.ts";
import { textHash } from "./text-space.ts";

const FILES_AT_ONCE = 8;

interface ReadFile {
  readonly text?: string;
  readonly problem?: string;
  readonly encodingNotice?: string;
}

/** Reads `class/*.txt`, one text a file. */
export async function readClassFolders(classes: readonly ClassFolder[], reading: Reading): Promise<FoundTexts> {
  const { where, folder, skip, notice, control } = reading;
  const found: FoundText[] = [];
  const notUtf8: string[] = [];
  const slots = pool(FILES_AT_ONCE);
  for (const { name, path: classFolder, split } of classes) {
    const paths: string[] = [];
    for await (const path of walkFiles(classFolder, folder, skip, textVerdict)) paths.push(path);
    for (let i = 0; i < paths.length; i += 256) {
      checkInterrupted(control?.signal, where);
      const slice = paths.slice(i, i + 256);
      const read = await Promise.all(slice.map((path) => slots(() => readText(path, reading))));
      for (const [at, { text, problem, encodingNotice }] of read.entries()) {
        const path = slice[at]!;
        if (encodingNotice !== undefined) notUtf8.push(encodingNotice);
        const reason = problem ?? textProblem(text);
        if (reason !== undefined || text === undefined) {
          skip({ path, reason: reason ?? "no text" });
          continue;
        }
        const relative = relativePath(folder, path).split(sep).join("/");
        found.push({
          text,
          className: name,
          ...(split !== undefined && { split }),
          relative,
          sha256: textHash(text),
        });
      }
    }
  }
  const others = notUtf8.length - 1;
  if (others >= 0) {
    const more = others === 1 ? "; 1 more file is like it" : `; ${others} more files are like it`;
    notice(`${notUtf8[0]}${others === 0 ? "" : more}`);
  }
  return { found };
}

async function readText(path: string, { where, control }: Reading): Promise<ReadFile> {
  if ((await stat(path)).size > ROW_LIMIT) return { problem: "more than 16 MiB" };
  try {
    const encoding = await findEncoding(where, path, undefined, control?.signal);
    const chunks: string[] = [];
    for await (const chunk of readCharacters(where, path, encoding, control?.signal)) chunks.push(chunk);
    return {
      text: chunks.join("").trim(),
      ...(encoding.notice !== undefined && { encodingNotice: encoding.notice }),
    };
  } catch (error) {
    // A file of the dataset that is no text is one sample less.
    if (error instanceof GraftError && error.code === "input")
      return { problem: error.message.replace(/^\[[^\]]*\] /, "") };
    throw error;
  }
}
