import type { DataKind } from "@graft-ml/data";
import * as Plot from "@observablehq/plot";
import type { RunSummary } from "graft-ml";
import { draw, INK } from "./draw.ts";
import { type Html, html } from "./html.ts";

/** How the head was found: loss over epochs, or the solver's search for its penalty. */
export function fitting(summary: RunSummary): Html | undefined {
  const { loss, validation, method } = summary.train;
  const { kind } = summary.data;
  if (loss.length > 0) return learningCurve(loss, validation, kind);
  const search = solverSearch(method);
  return search && searchCurve(search, kind);
}

function learningCurve(loss: readonly number[], validation: readonly number[], kind: DataKind): Html {
  const points = (values: readonly number[], name: string) => values.map((value, i) => ({ epoch: i + 1, value, name }));
  const lines = [...points(loss, "training"), ...points(validation, "held out")];
  const ends = lines.filter((point) => point.epoch === (point.name === "training" ? loss : validation).length);
  const color = (point: { name: string }): string => (point.name === "training" ? INK.accent : INK.second);
  return html`<section><h2>Learning curve</h2>
<p class="soft">Mean loss of each epoch${validation.length > 0 ? `, on the ${kind} that train and on some held out from them` : ""}.
A held-out line that rises while the other falls means learning by heart.</p>
${draw(`Loss by epoch: training ends at ${loss.at(-1)!.toFixed(3)}`, {
  width: 880,
  height: 240,
  marginBottom: 44,
  marginRight: 64,
  x: {
    label: "epoch",
    labelOffset: 38,
    ticks: Math.min(8, loss.length),
    tickFormat: "d",
    domain: [1, Math.max(2, loss.length)],
  },
  y: { label: "loss", grid: true, zero: true, nice: true },
  marks: [
    Plot.line(
      lines.filter((point) => point.name === "training"),
      { x: "epoch", y: "value", stroke: INK.accent, strokeWidth: 2 },
    ),
    Plot.line(
      lines.filter((point) => point.name !== "training"),
      { x: "epoch", y: "value", stroke: INK.second, strokeWidth: 2, strokeDasharray: "5 3" },
    ),
    Plot.dot(lines, { x: "epoch", y: "value", fill: color, r: 2.5 }),
    ...ends.map((end) =>
      Plot.text([end], {
        x: "epoch",
        y: "value",
        text: "name",
        fill: color,
        textAnchor: "start",
        dx: 8,
        // The higher label goes up and the lower one down, so that near ends do not print over one another.
        dy: end.value === Math.max(...ends.map(({ value }) => value)) ? -6 : 6,
      }),
    ),
  ],
})}</section>`;
}

interface Search {
  readonly penalty: string;
  readonly measure: string;
  readonly chosen: number;
  readonly points: readonly { readonly at: number; readonly value: number }[];
}

/** The names under which solvers tell of their search. */
const SEARCHES = [
  { chosen: "c", values: "cvLoss", penalty: "C, inverse strength of the penalty", measure: "held-out log-loss" },
  {
    chosen: "lambda",
    values: "looError",
    penalty: "λ, strength of the penalty",
    measure: "squared leave-one-out error",
  },
] as const;

function solverSearch(method: Readonly<Record<string, unknown>>): Search | undefined {
  for (const { chosen, values, penalty, measure } of SEARCHES) {
    const [at, grid, found] = [method[chosen], method.grid, method[values]];
    if (typeof at !== "number" || !Array.isArray(grid) || !Array.isArray(found) || found.length < 2) continue;
    return {
      penalty,
      measure,
      chosen: at,
      points: found.map((value: number, i) => ({ at: grid[i] as number, value })).sort((a, b) => a.at - b.at),
    };
  }
  return undefined;
}

function searchCurve({ penalty, measure, chosen, points }: Search, kind: DataKind): Html {
  const best = points.filter((point) => point.at === chosen);
  return html`<section><h2>How much penalty?</h2>
<p class="soft">The head was solved exactly for each strength of the penalty; the one that does best on training ${kind} held out in turn is kept.</p>
${draw(`${measure} by ${penalty}; ${chosen} is chosen`, {
  width: 880,
  height: 240,
  marginBottom: 44,
  x: { type: "log", label: penalty, labelOffset: 38, ticks: 5, tickFormat: "~g" },
  y: { label: measure, grid: true, nice: true },
  marks: [
    Plot.line(points, { x: "at", y: "value", stroke: INK.accent, strokeWidth: 2 }),
    Plot.dot(points, { x: "at", y: "value", fill: INK.accent, r: 3 }),
    Plot.dot(best, { x: "at", y: "value", stroke: INK.accent, r: 7, strokeWidth: 2 }),
    Plot.text(best, { x: "at", y: "value", text: () => "chosen", dy: -15, fill: "currentColor" }),
  ],
})}</section>`;
}
