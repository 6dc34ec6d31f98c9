import type { FreezingPlan } from "@graft-ml/core";
import type { DataKind } from "@graft-ml/data";
import type { ClassificationReport } from "graft-ml";
import { duration, percent, percentRange } from "./format.ts";
import type { Io } from "./io.ts";
import { facts, table } from "./tables.ts";

/** Classes shown in a table before the rest is left to the report and to `--json`. */
const CLASSES_SHOWN = 30;

/** The headline figures of a classifier. */
export function measures(io: Io, report: ClassificationReport, kind: DataKind = "pictures"): string {
  const classes = Object.keys(report.perClass).length;
  return facts(io, [
    [
      "accuracy",
      `${percent(report.accuracy)}  (95 % interval ${percentRange(report.interval)}, ${report.samples} ${kind})`,
    ],
    ["by chance", `${percent(1 / classes)}  (always the commonest class: ${percent(majorityShare(report))})`],
    ["macro F1", `${percent(report.macroF1)}  (95 % interval ${percentRange(report.macroF1Interval)})`],
    ["calibration", `expected error ${percent(report.ece)}`],
  ]);
}

/** Precision, recall and F1 of every class that has samples, the weakest first. */
export function classTable(io: Io, report: ClassificationReport, kind: DataKind = "pictures"): string {
  const classes = Object.entries(report.perClass)
    .filter(([, { support }]) => support > 0)
    .sort(([, a], [, b]) => a.f1 - b.f1);
  const rows = classes
    .slice(0, CLASSES_SHOWN)
    .map(([name, { precision, recall, f1, support }]) => [
      name,
      percent(precision),
      percent(recall),
      percent(f1),
      support,
    ]);
  const more =
    classes.length > CLASSES_SHOWN ? `… and ${classes.length - CLASSES_SHOWN} more classes, see --json\n` : "";
  return `${table(io, ["class", "precision", "recall", "F1", kind], rows)}${more}`;
}

/** The table that a strategy gives for its choice, as text; undefined where it gives none. */
export function reasonCells({
  reasons = [],
}: FreezingPlan): { readonly heading: string[]; readonly rows: string[][] } | undefined {
  if (reasons.length === 0) return undefined;
  const heading = [...new Set(reasons.flatMap((row) => Object.keys(row)))];
  const cell = (value: string | number | boolean | undefined): string =>
    typeof value === "boolean" ? (value ? "yes" : "no") : String(value ?? "");
  return { heading, rows: reasons.map((row) => heading.map((name) => cell(row[name]))) };
}

/** The share of the commonest class: what answering always the same would reach. */
export function majorityShare({ perClass, samples }: ClassificationReport): number {
  return samples === 0 ? 0 : Math.max(...Object.values(perClass).map(({ support }) => support)) / samples;
}

/** `0.42 s` and where it went. */
export function timing(seconds: { readonly features: number; readonly train: number; readonly total: number }): string {
  return `${duration(seconds.total)}  (frozen layers ${duration(seconds.features)}, training ${duration(seconds.train)})`;
}
