import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { type Html, html, trusted } from "./html.ts";

/** Colours of the style sheet, so that a plot follows light and dark. */
export const INK = {
  accent: "var(--accent)",
  wrong: "var(--wrong)",
  second: "var(--second)",
  soft: "var(--soft)",
  line: "var(--line)",
} as const;

/** Draws a plot without a browser, as inline SVG with a text for those who cannot see it. */
export function draw(description: string, options: Plot.PlotOptions): Html {
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const plot = Plot.plot({
    style: { background: "none", color: "currentColor", overflow: "visible" },
    ...options,
    // The types of browsers are not loaded here.
    document: document as unknown as NonNullable<Plot.PlotOptions["document"]>,
  });
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-label", description);
  return html`<figure>${trusted(plot.outerHTML)}</figure>`;
}
