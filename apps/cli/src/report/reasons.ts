import type { RunSummary } from "graft-ml";
import { reasonCells } from "../report-text.ts";
import { type Html, html } from "./html.ts";

/** What a strategy that measured the layers saw, and so chose; undefined where none did. */
export function reasons({ plan, freezing }: RunSummary): Html | undefined {
  const cells = reasonCells(plan);
  if (cells === undefined) return undefined;
  return html`<section><h2>Why these layers?</h2>
<p class="soft">What ${freezing} measured at each layer group before it chose what to train, from the input up.</p>
<div class="wide"><table><thead><tr>${cells.heading.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>
${cells.rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}
</tbody></table></div></section>`;
}
