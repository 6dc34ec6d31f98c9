import type { DataKind } from "@graft-ml/data";
import type { ClassificationReport } from "graft-ml";
import { count, percent } from "../format.ts";
import { type Html, html } from "./html.ts";

/** Precision, recall and F1 of every class, the weakest first. */
export function classTable(
  { perClass, macroF1, macroF1Interval: [low, high] }: ClassificationReport,
  kind: DataKind,
): Html {
  const rows = Object.entries(perClass).sort(([, a], [, b]) => a.f1 - b.f1);
  return html`<section><h2>Class by class</h2>
<p class="soft">The weakest first. Macro F1, where every class counts the same: ${percent(macroF1)} (95 % interval ${percent(low)} to ${percent(high)}).</p>
<div class="wide"><table><thead><tr><th scope="col">class</th><th scope="col" class="n">precision</th><th scope="col" class="n">recall</th><th scope="col" class="n">${kind}</th><th scope="col" class="n">F1</th></tr></thead><tbody>
${rows.map(
  ([name, { precision, recall, f1, support }]) =>
    html`<tr><th scope="row">${name}</th><td class="n">${percent(precision)}</td><td class="n">${percent(recall)}</td><td class="n">${count(support)}</td><td class="n">${percent(f1)}<span class="meter" aria-hidden="true"><i style="width:${(f1 * 100).toFixed(1)}%"></i></span></td></tr>`,
)}
</tbody></table></div>
<p class="soft">Precision: how often the answer is right when this class is named. Recall: how many of its ${kind} are found.</p></section>`;
}
