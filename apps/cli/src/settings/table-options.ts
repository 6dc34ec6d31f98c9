import type { FitSettings } from "./fit-settings.ts";

/** How a table of texts is to be read, by flags or by an experiment file. */
export type TableSettings = Pick<FitSettings, "textColumn" | "labelColumn" | "header" | "encoding">;

/** What is said of a table, as readers of tables take it; nothing where nothing is said, since pictures have none. */
export function tableOptions({ textColumn, labelColumn, header, encoding }: TableSettings): {
  table?: { text?: string | readonly string[]; label?: string; header?: false; encoding?: string };
} {
  const table = {
    ...(textColumn !== undefined && { text: textColumn }),
    ...(labelColumn !== undefined && { label: labelColumn }),
    // Commander says true where nobody said anything.
    ...(header === false && { header }),
    ...(encoding !== undefined && { encoding }),
  };
  return Object.keys(table).length === 0 ? {} : { table };
}
