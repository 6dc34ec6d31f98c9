import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { checkInterrupted, fail } from "@graft-ml/core";
import { unreadable } from "./folder-walk.ts";

/** Bytes that are looked at before a file is taken for text. */
export const SAMPLE_BYTES: number = 64 * 1024;

/** How a text file's bytes become characters. */
export interface TextEncoding {
  /** As the WHATWG's Encoding Standard calls it, in lower case. */
  readonly name: string;
  /** Length of the byte order mark. */
  readonly markBytes: number;
  /** What whoever reads the file should know. */
  readonly notice?: string;
}

const MARKS: readonly (readonly [string, readonly number[]])[] = [
  ["utf-8", [0xef, 0xbb, 0xbf]],
  ["utf-32", [0xff, 0xfe, 0, 0]],
  ["utf-16le", [0xff, 0xfe]],
  ["utf-16be", [0xfe, 0xff]],
];

const SIGNATURES: readonly (readonly [string, string])[] = [
  ["PK\x03\x04", "a ZIP or Excel file"],
  ["\xd0\xcf\x11\xe0", "an old Excel or Word file"],
  ["\x1f\x8b", "a gzip file"],
  ["PAR1", "a Parquet file"],
  ["ARROW1", "an Arrow file"],
  ["%PDF", "a PDF"],
  ["SQLite format 3", "an SQLite database"],
];

// 0x80 to 0x9f of windows-1252; some versions of Node decode them as Latin-1's control characters.
const WINDOWS_1252 = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";

/**
 * Finds a text file's encoding: its byte order mark, else `wanted`, else UTF-8 where every byte fits and windows-1252 where not.
 * Throws for what is no file or no text.
 */
export async function findEncoding(
  where: string,
  path: string,
  wanted?: string,
  signal?: AbortSignal,
): Promise<TextEncoding> {
  const label = wanted === undefined ? undefined : knownEncoding(where, wanted);
  const start = await firstBytes(where, path);
  const mark = MARKS.find(([, bytes]) => bytes.every((byte, i) => start[i] === byte));
  const name = mark?.[0] ?? label;
  const markBytes = mark?.[1].length ?? 0;
  if (name === "utf-32") throw notText(where, path, "UTF-32", "Save it as UTF-8");
  if (name === "utf-16le" || name === "utf-16be") return { name, markBytes };
  refuseBinary(where, path, start);
  if (name !== undefined && name !== "utf-8") return { name, markBytes };
  const line = await firstInvalidLine(where, path, signal);
  if (line === undefined) return { name: "utf-8", markBytes };
  if (name === "utf-8") {
    throw fail(
      where,
      `expected UTF-8 in ${JSON.stringify(path)}; received other bytes in line ${line}. Save it as UTF-8, or set encoding to what it is`,
    );
  }
  const notice = `${path} is not UTF-8 (line ${line}): it is read as windows-1252; set encoding if it is something else`;
  return { name: "windows-1252", markBytes, notice };
}

/** A text file's characters, chunk by chunk, every end of line as `\n`. */
export async function* readCharacters(
  where: string,
  path: string,
  { name, markBytes }: TextEncoding,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  const decoder = name === "windows-1252" ? undefined : new TextDecoder(name, { fatal: true, ignoreBOM: true });
  const decode = (bytes?: Buffer): string => {
    if (!decoder) return bytes === undefined ? "" : fromWindows1252(bytes);
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch (cause) {
      throw fail(
        where,
        `expected ${name} in ${JSON.stringify(path)}; received bytes that are not. Set encoding to what it is`,
        { cause },
      );
    }
  };
  let carriageReturn = "";
  for await (const bytes of createReadStream(path, { start: markBytes, highWaterMark: SAMPLE_BYTES })) {
    checkInterrupted(signal, where);
    const text = carriageReturn + decode(bytes as Buffer);
    // Its line feed may come with the next chunk.
    carriageReturn = text.endsWith("\r") ? "\r" : "";
    yield oneNewline(carriageReturn === "" ? text : text.slice(0, -1));
  }
  yield oneNewline(carriageReturn + decode());
}

const oneNewline = (text: string) => (text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text);

function fromWindows1252(bytes: Buffer): string {
  return bytes.toString("latin1").replace(/[\x80-\x9f]/g, (char) => WINDOWS_1252[char.charCodeAt(0) - 0x80]!);
}

function knownEncoding(where: string, label: string): string {
  try {
    return new TextDecoder(label).encoding;
  } catch (cause) {
    throw fail(
      where,
      `expected encoding to be one that is known, such as utf-8, utf-16le, windows-1252 or shift_jis; received ${JSON.stringify(label)}`,
      { cause },
    );
  }
}

async function firstBytes(where: string, path: string): Promise<Buffer> {
  try {
    const info = await stat(path);
    if (!info.isFile()) throw fail(where, `expected a file of text; received ${JSON.stringify(path)}, which is none`);
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(SAMPLE_BYTES), 0, SAMPLE_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    throw fail(where, `expected a file that can be read; received ${JSON.stringify(path)}: ${unreadable(cause)}`, {
      cause,
    });
  }
}

function refuseBinary(where: string, path: string, start: Buffer): void {
  const text = start.subarray(0, 16).toString("latin1");
  const signature = SIGNATURES.find(([bytes]) => text.startsWith(bytes));
  if (signature) throw notText(where, path, signature[1], "Save or unpack it as CSV, TSV or JSON lines");
  let control = 0;
  const zeros = [0, 0];
  for (const [i, byte] of start.entries()) {
    if (byte === 0) zeros[i % 2]!++;
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13 && byte !== 27) control++;
  }
  const half = start.length / 2;
  for (const [odd, encoding] of [
    [1, "utf-16le"],
    [0, "utf-16be"],
  ] as const) {
    if (zeros[odd]! > half * 0.5 && zeros[1 - odd]! < half * 0.05)
      throw notText(where, path, "what looks like UTF-16 without a mark", `Set encoding to ${encoding}`);
  }
  // A stray control character is a fault of one row; this many are no text.
  if (control > start.length / 100) throw notText(where, path, "binary data", "Check the path");
}

function notText(where: string, path: string, what: string, mend: string): Error {
  return fail(where, `expected text in ${JSON.stringify(path)}; received ${what}. ${mend}`);
}

/** The first line that is not UTF-8; a line feed is never part of another character. */
async function firstInvalidLine(where: string, path: string, signal?: AbortSignal): Promise<number | undefined> {
  let line = 1;
  let pending: Buffer[] = [];
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    checkInterrupted(signal, where);
    const bytes = chunk as Buffer;
    const end = bytes.lastIndexOf(10) + 1;
    if (end === 0) {
      pending.push(bytes);
      continue;
    }
    const block = Buffer.concat([...pending, bytes.subarray(0, end)]);
    if (!isUtf8(block)) return line + invalidLine(block);
    line += newlines(block);
    pending = [bytes.subarray(end)];
  }
  const rest = Buffer.concat(pending);
  return isUtf8(rest) ? undefined : line + invalidLine(rest);
}

function newlines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
  return count;
}

function invalidLine(block: Buffer): number {
  for (let line = 0, start = 0; ; line++) {
    const end = block.indexOf(10, start);
    if (!isUtf8(block.subarray(start, end < 0 ? undefined : end)) || end < 0) return line;
    start = end + 1;
  }
}
