import * as Plot from "@observablehq/plot";
import type { ClassificationReport } from "graft-ml";
import { count, percent } from "../format.ts";
import { draw, INK } from "./draw.ts";
import { type Html, html } from "./html.ts";

/** Classes up to which cells show their counts, and up to which axes show names. */
const COUNTS_UP_TO = 24;
const NAMES_UP_TO = 60;
const WORST = 5;

/** What is taken for what: a heat map and the commonest mix-ups in words. */
export function confusion({ confusion: matrix }: ClassificationReport, classes: readonly string[]): Html {
  const cells = matrix.flatMap((row, truth) => {
    const support = row.reduce((sum, n) => sum + n, 0);
    return row
      .map((n, answer) => ({ truth, answer, n, share: support === 0 ? 0 : n / support }))
      .filter((cell) => cell.n > 0);
  });
  const worst = cells
    .filter((cell) => cell.truth !== cell.answer)
    .sort((a, b) => b.n - a.n)
    .slice(0, WORST);
  return html`<section><h2>What is taken for what</h2>
<p class="soft">Rows are the truth, columns the answers; the fuller the colour, the larger the share of the row. The diagonal is right.</p>
<div class="beside">${heatMap(cells, classes)}
${
  worst.length > 0 &&
  html`<div><h3>Most often</h3><ol>${worst.map(
    ({ truth, answer, n, share }) =>
      html`<li><b>${classes[truth]}</b> taken for <b>${classes[answer]}</b> <span class="soft nowrap">${count(n)} times, ${percent(share)}</span></li>`,
  )}</ol></div>`
}</div>
</section>`;
}

interface Cell {
  readonly truth: number;
  readonly answer: number;
  readonly n: number;
  readonly share: number;
}

function heatMap(cells: readonly Cell[], classes: readonly string[]): Html {
  const places = classes.map((_, i) => i);
  const named = classes.length <= NAMES_UP_TO;
  const longest = Math.max(...classes.map((name) => Math.min(name.length, 24)));
  const margin = named ? 18 + 6.6 * longest : 20;
  const size =
    classes.length <= 8 ? 62 : classes.length <= COUNTS_UP_TO ? 30 : Math.max(5, Math.round(640 / classes.length));
  const label = (i: number): string => (named ? short(classes[i]!) : "");
  const tilted = longest * 6.6 > size;
  return draw(`Confusion matrix of ${classes.length} classes; the commonest mix-ups are listed below it`, {
    width: margin + size * classes.length + (tilted ? 60 : 20),
    height: (tilted ? 24 + 4.6 * longest : 34) + size * classes.length + 12,
    marginLeft: margin,
    marginTop: tilted ? 24 + 4.6 * longest : 34,
    marginRight: tilted ? 60 : 20,
    marginBottom: 12,
    padding: classes.length <= COUNTS_UP_TO ? 0.04 : 0,
    x: {
      type: "band",
      domain: places,
      axis: "top",
      label: null,
      tickFormat: label,
      tickSize: 0,
      tickRotate: tilted ? -40 : 0,
    },
    y: { type: "band", domain: places, label: null, tickFormat: label, tickSize: 0 },
    opacity: { type: "identity" },
    marks: [
      Plot.frame({ stroke: INK.line }),
      Plot.cell(cells, {
        x: "answer",
        y: "truth",
        fill: (cell: Cell) => (cell.truth === cell.answer ? INK.accent : INK.wrong),
        fillOpacity: (cell: Cell) => 0.08 + 0.92 * cell.share,
      }),
      Plot.text(classes.length <= COUNTS_UP_TO ? cells : [], {
        x: "answer",
        y: "truth",
        text: (cell: Cell) => count(cell.n),
        fill: (cell: Cell) => (cell.share > 0.45 ? "var(--on-accent)" : "currentColor"),
      }),
    ],
  });
}

function short(name: string): string {
  return name.length > 24 ? `${name.slice(0, 23)}…` : name;
}
