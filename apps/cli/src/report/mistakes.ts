import { relative } from "node:path";
import { thumbnail } from "@graft-ml/data";
import type { TestPrediction } from "graft-ml";
import { percent } from "../format.ts";
import { type Html, html } from "./html.ts";

const SHOWN = 24;
const PIXELS = 144;
/** A thumbnail above this many bytes is left out: the page stays one that can be mailed. */
const BYTES_EACH = 16 * 1024;

/** The answers that were wrong with the most confidence: bad labels and hard pictures show up here. */
export async function mistakes(
  predictions: readonly TestPrediction[],
  classes: readonly string[],
  folder: string,
): Promise<Html> {
  const wrong = predictions
    .filter(({ target, label }) => target !== label)
    .sort((a, b) => b.probabilities[b.label]! - a.probabilities[a.label]!);
  if (wrong.length === 0) return html`<section><h2>Mistakes</h2><p>None on the test pictures.</p></section>`;
  const items: Html[] = [];
  for (const prediction of wrong.slice(0, SHOWN)) items.push(await item(prediction, classes, folder));
  const shown =
    wrong.length > SHOWN
      ? `the ${SHOWN} surest of ${wrong.length}`
      : wrong.length === 1
        ? "the only one"
        : `all ${wrong.length}`;
  return html`<section><h2>Surest mistakes</h2>
<p class="soft">Wrong answers on test pictures, the most confident first: ${shown}. Wrong labels, pictures of two things and classes that overlap show up here.</p>
<ul class="mistakes">${items}</ul></section>`;
}

async function item(
  { path, target, label, probabilities }: TestPrediction,
  classes: readonly string[],
  folder: string,
): Promise<Html> {
  const file = relative(folder, path);
  const [truth, answer, sure] = [classes[target]!, classes[label]!, percent(probabilities[label]!, 0)];
  const picture = await thumbnail(path, PIXELS).catch(() => undefined);
  const frame =
    picture === undefined || picture.length > BYTES_EACH
      ? html`<span>no preview</span>`
      : html`<img src="data:image/jpeg;base64,${picture.toString("base64")}" loading="lazy" alt="${`${file}: ${truth}, taken for ${answer}`}">`;
  return html`<li><div class="frame">${frame}</div><div><b>${answer}</b> ${sure}</div><div>is ${truth} (${percent(probabilities[target]!, 0)})</div><div class="file" title="${file}">${file}</div></li>`;
}
