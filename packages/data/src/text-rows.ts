import { join, relative as relativePath, sep } from "node:path";
import { checkInterrupted, type RunControl } from "@graft-ml/core";
import type { Split } from "./folder-layout.ts";
import type { SkippedPath } from "./folder-walk.ts";
import { type ColumnNames, type ColumnPlaces, findColumns } from "./table-columns.ts";
import { openTable, type Table, type TableFormat, type TableRow } from "./table-file.ts";
import { splitNamed, type TableSource } from "./text-sources.ts";
import { textHash } from "./text-space.ts";

/** Lines in a row that few texts have. */
const LONG_ROW = 100;

/** A text that can be used, with what its row or place says of it. */
export interface FoundText {
  readonly text: string;
  readonly pair?: string;
  readonly className: string;
  readonly split?: Split;
  /** Place in the dataset's folder. */
  readonly relative: string;
  readonly sha256: string;
}

/** What readers of texts are given. */
export interface Reading {
  readonly where: string;
  readonly folder: string;
  /** Whether texts need a class; if not, it is "". */
  readonly labelled: boolean;
  readonly skip: (entry: SkippedPath) => void;
  readonly notice: (message: string) => void;
  readonly control?: RunControl | undefined;
}

/** What readers of texts find. */
export interface FoundTexts {
  readonly found: FoundText[];
  readonly columns?: { readonly text: readonly string[]; readonly label?: string };
}

/** Reads the rows of tables; columns have the same names in all. */
export async function readTables(
  tables: readonly TableSource[],
  options: ColumnNames & TableFormat,
  reading: Reading,
): Promise<FoundTexts> {
  const { where, folder, skip, notice, control } = reading;
  const found: FoundText[] = [];
  let names: FoundTexts["columns"];
  for (const source of tables) {
    const file = relativePath(folder, source.path).split(sep).join("/");
    const table = await openTable(where, source.path, options, control?.signal);
    try {
      if (table.notice !== undefined) notice(table.notice);
      if (names?.label !== undefined && !hasColumn(table, names.label)) {
        skip({ path: source.path, reason: `no column ${JSON.stringify(names.label)}` });
        notice(`${file} has no column ${JSON.stringify(names.label)}; it is left out`);
        continue;
      }
      const named = { columns: table.columns, source: JSON.stringify(source.path), header: table.header };
      const places = findColumns(where, named, { ...options, ...names }, reading.labelled);
      if (names === undefined) {
        names = namesAt(table, places);
        if (options.text === undefined || (reading.labelled && options.label === undefined))
          notice(`${file}: ${described(names)}`);
      }
      for (const one of await readRows(table, places, source, file, reading)) found.push(one);
    } finally {
      await table.close();
    }
  }
  return { found, ...(names && { columns: names }) };
}

const hasColumn = ({ columns }: Table, name: string) =>
  columns.some((column) => column.trim().toLowerCase() === name.trim().toLowerCase());

function namesAt({ columns }: Table, { text, label }: ColumnPlaces): NonNullable<FoundTexts["columns"]> {
  return { text: text.map((at) => columns[at]!), ...(label !== undefined && { label: columns[label]! }) };
}

function described({ text, label }: NonNullable<FoundTexts["columns"]>): string {
  const texts = text.map((name) => JSON.stringify(name)).join(" and ");
  return `texts are in column ${texts}${label === undefined ? "" : `, classes in ${JSON.stringify(label)}`}`;
}

async function readRows(
  table: Table,
  places: ColumnPlaces,
  source: TableSource,
  file: string,
  { where, folder, skip, notice, control }: Reading,
): Promise<FoundText[]> {
  const found: FoundText[] = [];
  let longest: TableRow | undefined;
  for await (const row of table.rows) {
    checkInterrupted(control?.signal, where);
    if (row.lines > Math.max(LONG_ROW, longest?.lines ?? 0)) longest = row;
    const read = readRow(row, places, source.split);
    const relative = `${file}:${row.line}`;
    if (typeof read === "string") skip({ path: join(folder, relative), reason: read });
    else found.push({ ...read, relative });
  }
  if (longest !== undefined) {
    const { line, lines } = longest;
    notice(`the row in line ${line} of ${file} takes in ${lines} lines: a quote there may not be closed`);
  }
  return found;
}

/** The row's text, class and split, or why it cannot be used. */
function readRow(row: TableRow, places: ColumnPlaces, given: Split | undefined): Omit<FoundText, "relative"> | string {
  if (row.problem !== undefined) return row.problem;
  const texts = places.text.map((at) => row.cells[at]?.trim());
  const problem = texts.map(textProblem).find((one) => one !== undefined);
  if (problem !== undefined) return problem;
  const className = places.label === undefined ? "" : row.cells[places.label]?.trim();
  if (className === undefined || (className === "" && places.label !== undefined)) return "no label";
  let split = given;
  // A file's name goes before its rows.
  if (split === undefined && places.split !== undefined) {
    const name = row.cells[places.split]?.trim() ?? "";
    split = splitNamed(name);
    if (split === undefined) return name === "" ? "no split" : `unknown split ${JSON.stringify(name.slice(0, 40))}`;
  }
  const [text, pair] = texts as [string, string?];
  return {
    text,
    ...(pair !== undefined && { pair }),
    className,
    ...(split !== undefined && { split }),
    sha256: textHash(text, pair),
  };
}

/** Why a trimmed text cannot be used. */
export function textProblem(text: string | undefined): string | undefined {
  if (text === undefined) return "no text";
  if (text === "") return "empty text";
  return text.includes("\0") ? "NUL character in the text" : undefined;
}
