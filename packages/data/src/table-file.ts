import { extname } from "node:path";
import { pipeline, Readable } from "node:stream";
import { fail } from "@graft-ml/core";
import { CsvError, type Info, parse } from "csv-parse";
import { findEncoding, readCharacters } from "./text-encoding.ts";

/** Longest row in characters; a quote that is never closed would otherwise take in the whole file. */
export const ROW_LIMIT: number = 16 * 1024 * 1024;

/** Extensions of tables, in lower case. */
export const TABLE_EXTENSIONS: ReadonlySet<string> = new Set(".csv .tsv .tab .jsonl .ndjson".split(" "));

const LINES_OF_JSON: ReadonlySet<string> = new Set([".jsonl", ".ndjson", ".json"]);

/** How a table's file is read. */
export interface TableFormat {
  /** A label of the WHATWG's Encoding Standard; a byte order mark wins over it. Default: UTF-8, else windows-1252. */
  readonly encoding?: string;
  /** Character between columns. Default: tab in a `.tsv`, else the likeliest of tab, comma, semicolon and bar. */
  readonly delimiter?: string;
  /** Whether the first row names the columns; if not, they are called "1", "2" and so on. Default: true. */
  readonly header?: boolean;
  /** Whether quotes hold cells together. Default: true, but tab-separated files must start with some that come in pairs. */
  readonly quotes?: boolean;
}

/** One row: its cells in the order of the columns, `undefined` where there is none, or what is wrong with it. */
export interface TableRow {
  /** Line of the file that it starts in, from 1. */
  readonly line: number;
  /** How many lines it takes in. */
  readonly lines: number;
  readonly cells: readonly (string | undefined)[];
  readonly problem?: string;
}

/** A table that is being read. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: AsyncIterable<TableRow>;
  /** Whether the columns' names stand in the file. */
  readonly header: boolean;
  readonly encoding: string;
  readonly notice?: string;
  /** Closes the file, also where not all rows were read. */
  close(): Promise<void>;
}

/** Opens a CSV, TSV or JSON lines file for one pass over its rows; close it afterwards. Throws for what is no such file. */
export async function openTable(
  where: string,
  path: string,
  format: TableFormat = {},
  signal?: AbortSignal,
): Promise<Table> {
  const encoding = await findEncoding(where, path, format.encoding, signal);
  const characters = () => readCharacters(where, path, encoding, signal);
  const start = await beginning(characters());
  if (start.trim() === "") throw fail(where, `expected rows in ${JSON.stringify(path)}; received an empty file`);
  const json = LINES_OF_JSON.has(extname(path).toLowerCase()) || /^\s*\{\s*"/.test(start);
  const source = JSON.stringify(path);
  const rows = json
    ? jsonRows(where, source, characters())
    : delimitedRows(where, source, characters(), delimitedFormat(where, path, start, format));
  const header = json || (format.header ?? true);
  const first = await rows.next();
  if (first.done) throw fail(where, `expected rows in ${source}; received none`);
  const columns = json
    ? (first.value.keys ?? [])
    : first.value.cells.map((name, i) => (header ? (name ?? "") : String(i + 1)));
  return {
    columns,
    rows: whole(rows, columns, json, json || !header ? first.value : undefined),
    header,
    encoding: encoding.name,
    ...(encoding.notice !== undefined && { notice: encoding.notice }),
    async close() {
      await rows.return(undefined);
    },
  };
}

interface RawRow extends TableRow {
  /** Names that came with the cells. */
  readonly keys?: readonly string[];
}

async function* whole(
  rows: AsyncGenerator<RawRow>,
  columns: readonly string[],
  json: boolean,
  first: RawRow | undefined,
): AsyncGenerator<TableRow> {
  const places = new Map(columns.map((name, i) => [name, i]));
  const ordered = ({ line, lines, cells, keys, problem }: RawRow): TableRow => {
    if (problem !== undefined) return { line, lines, cells: [], problem };
    if (json) {
      const byColumn = new Array<string | undefined>(columns.length).fill(undefined);
      keys?.forEach((key, i) => {
        const at = places.get(key);
        if (at !== undefined) byColumn[at] = cells[i];
      });
      return { line, lines, cells: byColumn };
    }
    // Spreadsheets leave empty cells behind the last column.
    const extra = cells.slice(columns.length).some((cell) => cell !== "");
    if (cells.length < columns.length || extra)
      return { line, lines, cells: [], problem: `${cells.length} columns instead of ${columns.length}` };
    return { line, lines, cells };
  };
  if (first) yield ordered(first);
  for await (const row of rows) yield ordered(row);
}

async function beginning(characters: AsyncGenerator<string>): Promise<string> {
  for await (const chunk of characters) if (chunk.trim() !== "") return chunk;
  return "";
}

interface DelimitedFormat {
  readonly delimiter: string;
  readonly quotes: boolean;
}

function delimitedFormat(where: string, path: string, start: string, format: TableFormat): DelimitedFormat {
  const extension = extname(path).toLowerCase();
  const { delimiter = extension === ".tsv" || extension === ".tab" ? "\t" : likeliestDelimiter(start) } = format;
  if (delimiter.length !== 1 || /["\n\r]/.test(delimiter))
    throw fail(where, `expected delimiter to be one character; received ${JSON.stringify(delimiter)}`);
  return { delimiter, quotes: format.quotes ?? (delimiter !== "\t" || quotesInPairs(start)) };
}

function likeliestDelimiter(start: string): string {
  const line = start
    .trimStart()
    .split("\n", 1)[0]!
    .replace(/"[^"]*"/g, "");
  if (line.includes("\t")) return "\t";
  const count = (char: string) => line.split(char).length;
  return [",", ";", "|"].reduce((best, char) => (count(char) > count(best) ? char : best));
}

/**
 * Tab-separated text comes with quotes that hold cells together, and with quotes that are only text. Where in doubt they are text:
 * a stray one would take in the rows that follow.
 */
function quotesInPairs(start: string): boolean {
  let paired = 0;
  let single = 0;
  for (const line of start.split("\n").slice(0, -1)) {
    for (const cell of line.split("\t")) {
      if (!cell.startsWith('"')) continue;
      if (/^"(?:[^"]|"")*"$/.test(cell)) paired++;
      else single++;
    }
  }
  // A cell of several lines counts as single, too.
  return paired > 0 && paired >= single;
}

async function* delimitedRows(
  where: string,
  source: string,
  characters: AsyncGenerator<string>,
  { delimiter, quotes }: DelimitedFormat,
): AsyncGenerator<RawRow> {
  const parser = parse({
    delimiter,
    quote: quotes ? '"' : null,
    record_delimiter: "\n",
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: ROW_LIMIT,
    info: true,
  });
  // Errors of either side reach the loop below.
  pipeline(Readable.from(characters), parser, () => {});
  let last = 0;
  try {
    for await (const { info, record } of parser as AsyncIterable<{ info: Info; record: string[] }>) {
      last = info.lines;
      const inside = record.reduce((sum, cell) => sum + lineFeeds(cell), 0);
      yield { line: info.lines - inside, lines: inside + 1, cells: record };
    }
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const open = cause.code === "CSV_QUOTE_NOT_CLOSED" || cause.code === "CSV_MAX_RECORD_SIZE";
    if (!open) throw fail(where, `expected a table in ${source}; received ${cause.message}`, { cause });
    const what = cause.code === "CSV_QUOTE_NOT_CLOSED" ? "a quote that never closes" : "more than 16 MiB";
    throw fail(
      where,
      `expected a row to end that starts in or after line ${last + 1} of ${source}; received ${what}. Close its quote, or set quotes to false where they are only text`,
      { cause },
    );
  }
}

async function* jsonRows(where: string, source: string, characters: AsyncGenerator<string>): AsyncGenerator<RawRow> {
  let line = 0;
  let named = false;
  for await (const text of lines(where, source, characters)) {
    line++;
    if (text.trim() === "") continue;
    const value = parsed(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      named = true;
      const entries = Object.entries(value);
      yield { line, lines: 1, keys: entries.map(([key]) => key), cells: entries.map(([, cell]) => plainText(cell)) };
      continue;
    }
    if (!named) {
      throw fail(
        where,
        `expected a JSON object a line in ${source}; received ${Array.isArray(value) || text.trim() === "[" ? "an array" : "something else"} in line ${line}. Write one {"text": …, "label": …} a line`,
      );
    }
    yield { line, lines: 1, cells: [], problem: "no JSON object" };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function plainText(cell: unknown): string | undefined {
  if (typeof cell === "string") return cell;
  return typeof cell === "number" || typeof cell === "boolean" ? String(cell) : undefined;
}

/** Not `readline`: that one also breaks lines where JSON does not. */
async function* lines(where: string, source: string, characters: AsyncGenerator<string>): AsyncGenerator<string> {
  let pending: string[] = [];
  let length = 0;
  let number = 1;
  for await (const chunk of characters) {
    const parts = chunk.split("\n");
    for (const part of parts.slice(0, -1)) {
      yield pending.join("") + part;
      pending = [];
      length = 0;
      number++;
    }
    pending.push(parts.at(-1)!);
    length += parts.at(-1)!.length;
    if (length > ROW_LIMIT)
      throw fail(
        where,
        `expected lines of at most 16 Mi characters; received a longer one in line ${number} of ${source}`,
      );
  }
  yield pending.join("");
}

function lineFeeds(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
