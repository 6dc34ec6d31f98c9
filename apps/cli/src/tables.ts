import Table from "cli-table3";
import pc from "picocolors";
import { printable } from "./format.ts";
import type { Io } from "./io.ts";

const NO_LINES = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

/** A table's cell: text is laid left, numbers right. */
export type Cell = string | number;

/** Rows under a heading, without lines; columns of numbers are aligned right. */
export function table(io: Io, heading: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const paint = pc.createColors(io.colors);
  const made = new Table({
    head: heading.map((name) => paint.dim(name)),
    chars: NO_LINES,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
    colAligns: heading.map((_, i) =>
      rows.length > 0 && rows.every((row) => typeof row[i] === "number" || /^[-\d]/.test(String(row[i])))
        ? "right"
        : "left",
    ),
  });
  for (const row of rows) made.push(row.map((cell) => printable(String(cell))));
  return `${trimEnds(made.toString())}\n`;
}

/** Names and values, one a line. */
export function facts(io: Io, rows: readonly (readonly [string, string])[]): string {
  const paint = pc.createColors(io.colors);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${paint.dim(name.padEnd(width))}  ${printable(value)}\n`).join("");
}

function trimEnds(text: string): string {
  return text.replace(/[ \t]+$/gm, "");
}
