import { stat } from "node:fs/promises";
import { fail, type RunControl } from "@graft-ml/core";
import type { SkippedPath } from "./folder-walk.ts";
import type { ColumnNames } from "./table-columns.ts";
import type { TableFormat } from "./table-file.ts";
import { readTables } from "./text-rows.ts";
import { skipInto, textSources } from "./text-sources.ts";
import type { TextSample } from "./text-table.ts";

const WHERE = "data/text-list";

/** Texts without labels, as one predicts them. */
export interface TextList {
  /** Every row that can be used, copies too, in the order of the file. */
  readonly samples: Omit<TextSample, "label" | "split">[];
  /** Columns that were read. */
  readonly columns: readonly string[];
  /** Rows are `file:line`. */
  readonly skipped: SkippedPath[];
}

/** How texts without labels are read. */
export interface TextListOptions extends TableFormat, Pick<ColumnNames, "text"> {
  /** The first row that cannot be used throws. Default: false. */
  readonly strict?: boolean;
  readonly control?: RunControl;
}

/** Reads the texts of a CSV, TSV or JSON lines file, whatever else is in it. */
export async function textList(path: string, options: TextListOptions = {}): Promise<TextList> {
  const { strict = false, control, text, ...format } = options;
  const skipped: SkippedPath[] = [];
  const skip = skipInto(skipped, WHERE, strict);
  if (
    await stat(path).then(
      (info) => info.isDirectory(),
      () => false,
    )
  ) {
    throw fail(WHERE, `expected a table of texts; received the folder ${JSON.stringify(path)}. Name one of its files`);
  }
  const { folder, tables = [] } = await textSources(WHERE, path, skip);
  const notice = (message: string) => control?.onEvent?.({ type: "notice", message });
  const reading = { where: WHERE, folder, labelled: false, skip, notice, control };
  const { found, columns } = await readTables(tables, { ...format, ...(text !== undefined && { text }) }, reading);
  const samples = found.map(({ text, pair, relative, sha256 }) => ({
    text,
    ...(pair !== undefined && { pair }),
    relative,
    sha256,
  }));
  return { samples, columns: columns?.text ?? [], skipped };
}
