import type { DataKind } from "@graft-ml/data";
import * as Plot from "@observablehq/plot";
import type { TestPrediction } from "graft-ml";
import { percent } from "../format.ts";
import { draw, INK } from "./draw.ts";
import { type Html, html } from "./html.ts";

const BINS = 20;

/** How sure the model is where it is right and where it is wrong. */
export function confidence(predictions: readonly TestPrediction[], classes: number, kind: DataKind): Html {
  const answers = predictions.map(({ target, label, probabilities }) => ({
    sure: probabilities[label]!,
    right: target === label,
  }));
  const mean = (right: boolean): string => {
    const sure = answers.filter((answer) => answer.right === right).map((answer) => answer.sure);
    return sure.length === 0 ? "none" : percent(sure.reduce((sum, value) => sum + value, 0) / sure.length);
  };
  const [whenRight, whenWrong] = [mean(true), mean(false)];
  const thresholds = Array.from({ length: BINS + 1 }, (_, i) => i / BINS);
  // Float32 sums may end a hair above 1, outside of the last bin.
  const bin = (right: boolean) =>
    Plot.rectY(
      answers.filter((answer) => answer.right === right),
      {
        ...Plot.binX(
          { y: right ? "count" : (bucket: unknown[]) => -bucket.length },
          { x: (answer: { sure: number }) => Math.min(answer.sure, 0.9999), thresholds },
        ),
        fill: right ? INK.accent : INK.wrong,
        insetLeft: 1,
      },
    );
  return html`<section><h2>How sure is it?</h2>
<p class="soft">Confidence of right answers (up, ${whenRight} on average) and of wrong ones (down, ${whenWrong}).
Where the two part, a threshold can send doubtful ${kind} to a person.</p>
${draw(`Histogram of confidence: right answers ${whenRight} on average, wrong ones ${whenWrong}`, {
  width: 440,
  height: 310,
  marginBottom: 44,
  x: {
    label: "confidence",
    labelOffset: 38,
    domain: [Math.min(1 / classes, 0.5) > 0.25 ? 0.4 : 0, 1],
    tickFormat: (value: number) => `${Math.round(value * 100)} %`,
    ticks: 5,
  },
  y: { label: kind, grid: true, tickFormat: (value: number) => String(Math.abs(value)) },
  marks: [bin(true), bin(false), Plot.ruleY([0], { stroke: "currentColor" })],
})}</section>`;
}
