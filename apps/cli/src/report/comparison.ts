import * as Plot from "@observablehq/plot";
import { percent } from "../format.ts";
import { draw, INK } from "./draw.ts";
import { type Html, html } from "./html.ts";

/** One of the models that are compared. */
export interface Arm {
  readonly name: string;
  readonly accuracy: number;
  readonly interval: readonly [number, number];
}

/** Several models on the same test pictures; the first is the one that the report is about. */
export function comparison(title: string, conclusion: string, arms: readonly Arm[]): Html {
  return html`<section><h2>${title}</h2><p>${conclusion}</p>
${draw(arms.map(({ name, accuracy }) => `${name} ${percent(accuracy)}`).join(", "), {
  width: 880,
  height: 46 + 46 * arms.length,
  marginLeft: 14,
  marginRight: 20,
  marginTop: 8,
  x: { domain: [0, 1], label: null, tickFormat: (value: number) => `${Math.round(value * 100)} %`, grid: true },
  y: { axis: null, domain: arms.map(({ name }) => name) },
  marks: [
    Plot.link(arms, {
      y1: "name",
      y2: "name",
      x1: (arm: Arm) => arm.interval[0],
      x2: (arm: Arm) => arm.interval[1],
      stroke: color,
      strokeOpacity: 0.5,
      strokeWidth: 6,
      strokeLinecap: "round",
      dy: 8,
    }),
    Plot.dot(arms, { y: "name", x: "accuracy", r: 7, fill: color, dy: 8 }),
    label(
      arms.filter((arm) => arm.accuracy > 0.5),
      "end",
    ),
    label(
      arms.filter((arm) => arm.accuracy <= 0.5),
      "start",
    ),
  ],
})}</section>`;

  function label(some: readonly Arm[], anchor: "start" | "end"): Plot.Markish {
    const text = ({ name, accuracy }: Arm) => `${percent(accuracy)}  ${name}`;
    const x = ({ interval: [low, high] }: Arm) => (anchor === "end" ? high : low);
    return Plot.text(some, { y: "name", x, text, textAnchor: anchor, dy: -9, fontSize: 13 });
  }

  function color(arm: Arm): string {
    return arm === arms[0] ? INK.accent : INK.soft;
  }
}
