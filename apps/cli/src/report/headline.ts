import type { DataKind } from "@graft-ml/data";
import * as Plot from "@observablehq/plot";
import type { ClassificationReport, RunSummary } from "graft-ml";
import { count, percent, percentRange } from "../format.ts";
import { majorityShare } from "../report-text.ts";
import { draw, INK } from "./draw.ts";
import { type Html, html } from "./html.ts";

/** The one number, its uncertainty, and what it is to be compared with. */
export function headline({ test, data, train }: RunSummary): Html {
  const { kind } = data;
  const chance = 1 / data.classes.length;
  const majority = majorityShare(test);
  return html`<section>
<div class="hero"><strong>${percent(test.accuracy)}</strong><span>of ${count(test.samples)} test ${kind} are named right
(95 % interval ${percentRange(test.interval)}), after learning ${data.classes.length} classes from ${count(train.samples)} ${kind}.
${verdict(test, Math.max(chance, majority), kind)}</span></div>
${strip(test, chance, majority)}
</section>`;
}

function verdict({ interval: [low, high] }: ClassificationReport, floor: number, kind: DataKind): string {
  if (low > floor) return "All of the interval lies above what guessing reaches.";
  if (high < floor) return "All of the interval lies below what always giving the same answer reaches.";
  return `That cannot be told from guessing: it takes more ${kind}, or other ones.`;
}

function strip({ accuracy, interval: [low, high] }: ClassificationReport, chance: number, majority: number): Html {
  const close = Math.abs(majority - chance) < 0.02;
  const marks = close
    ? [{ at: chance, name: `guessing ${percent(chance)}` }]
    : [
        { at: chance, name: `guessing ${percent(chance)}` },
        { at: majority, name: `always the commonest class ${percent(majority)}` },
      ];
  // Labels of near marks go above and below the axis line, so that they do not collide.
  const [first, ...others] = marks.sort((a, b) => a.at - b.at);
  const label = (at: { at: number; name: string }, dy: number, side: "start" | "end") =>
    Plot.text([at], {
      x: "at",
      y: 0,
      text: "name",
      dy,
      fill: INK.soft,
      textAnchor: side,
      dx: side === "end" ? -5 : 5,
    });
  return draw(
    `Accuracy ${percent(accuracy)}, 95 % interval ${percentRange([low, high])}, guessing reaches ${percent(chance)}, the commonest class ${percent(majority)}`,
    {
      width: 880,
      height: 92,
      marginLeft: 14,
      marginRight: 20,
      marginTop: 18,
      marginBottom: 30,
      x: { domain: [0, 1], percent: false, tickFormat: (value: number) => `${Math.round(value * 100)} %`, label: null },
      y: { axis: null, domain: [-1, 1] },
      marks: [
        Plot.ruleY([0], { stroke: INK.line, strokeWidth: 6, strokeLinecap: "round" }),
        Plot.ruleX(marks, { x: "at", stroke: INK.soft, strokeDasharray: "3 3" }),
        first && label(first, -17, first.at > 0.15 ? "end" : "start"),
        others.map((mark) => label(mark, 17, mark.at > 0.6 ? "end" : "start")),
        Plot.link([0], {
          x1: low,
          x2: high,
          y1: 0,
          y2: 0,
          stroke: INK.accent,
          strokeWidth: 6,
          strokeOpacity: 0.5,
          strokeLinecap: "round",
        }),
        Plot.dot([0], { x: accuracy, y: 0, r: 8, fill: INK.accent }),
      ],
    },
  );
}
