import type { DataKind } from "@graft-ml/data";
import * as Plot from "@observablehq/plot";
import type { ClassificationReport } from "graft-ml";
import { percent } from "../format.ts";
import { draw, INK } from "./draw.ts";
import { type Html, html } from "./html.ts";

/** Reliability diagram: whether a confidence of 80 % is right 80 times in 100. */
export function calibration(
  { calibration: bins, ece }: ClassificationReport,
  temperature: number,
  kind: DataKind,
): Html {
  const total = bins.reduce((sum, bin) => sum + bin.count, 0);
  const tuned =
    temperature === 1 ? "" : ` Confidences were tuned on held-out ${kind} (temperature ${temperature.toFixed(2)}).`;
  return html`<section><h2>Is its confidence to be believed?</h2>
<p class="soft">On the diagonal, answers given with 80 % confidence are right 80 times in 100; below it the model is too sure.
They differ by ${percent(ece)} on average (ECE).${tuned}</p>
${draw(`Reliability diagram: expected calibration error ${percent(ece)}`, {
  width: 440,
  height: 310,
  marginBottom: 44,
  marginLeft: 50,
  marginTop: 30,
  x: { label: "confidence", labelOffset: 38, domain: [0, 1], tickFormat: wholePercent, ticks: 5 },
  y: { label: "right", domain: [0, 1], tickFormat: wholePercent, ticks: 5, grid: true },
  r: { type: "sqrt", domain: [0, total], range: [0, 20] },
  marks: [
    Plot.link([0], { x1: 0, y1: 0, x2: 1, y2: 1, stroke: INK.soft, strokeDasharray: "4 4" }),
    Plot.link(bins, {
      x1: "confidence",
      x2: "confidence",
      y1: "confidence",
      y2: "accuracy",
      stroke: INK.wrong,
      strokeOpacity: 0.6,
      strokeWidth: 2,
    }),
    Plot.dot(bins, {
      x: "confidence",
      y: "accuracy",
      r: (bin: { count: number }) => Math.max(bin.count, total / 80),
      fill: INK.accent,
      fillOpacity: 0.75,
      stroke: INK.accent,
    }),
  ],
})}
<p class="soft">The larger the dot, the more answers.</p></section>`;
}

function wholePercent(value: number): string {
  return `${Math.round(value * 100)} %`;
}
