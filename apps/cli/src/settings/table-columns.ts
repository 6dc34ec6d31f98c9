import type { FitSettings } from "./fit-settings.ts";

/** The columns that the flags name, as readers of tables take them. */
export function namedColumns({ textColumn, labelColumn }: Pick<FitSettings, "textColumn" | "labelColumn">): {
  table?: { text?: string | readonly string[]; label?: string };
} {
  if (textColumn === undefined && labelColumn === undefined) return {};
  return {
    table: {
      ...(textColumn !== undefined && { text: textColumn }),
      ...(labelColumn !== undefined && { label: labelColumn }),
    },
  };
}
