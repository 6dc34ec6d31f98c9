import { relative } from "node:path";
import { thumbnail } from "@graft-ml/data";
import type { RunSummary, TestPrediction } from "graft-ml";
import { percent } from "../format.ts";
import { type Html, html } from "./html.ts";

const SHOWN = 24;
const PIXELS = 144;
/** A thumbnail above this many bytes is left out: the page stays one that can be mailed. */
const BYTES_EACH = 16 * 1024;
/** Characters of a text that are shown. */
const CHARACTERS = 600;

/** The answers that were wrong with the most confidence: bad labels and hard samples show up here. */
export async function mistakes(
  predictions: readonly TestPrediction[],
  { classes, folder, kind }: RunSummary["data"],
): Promise<Html> {
  const wrong = predictions
    .filter(({ target, label }) => target !== label)
    .sort((a, b) => b.probabilities[b.label]! - a.probabilities[a.label]!);
  if (wrong.length === 0) return html`<section><h2>Mistakes</h2><p>None on the test ${kind}.</p></section>`;
  const texts = kind === "texts";
  const items: Html[] = [];
  for (const prediction of wrong.slice(0, SHOWN)) {
    const about = facts(prediction, classes, relative(folder, prediction.path));
    items.push(texts ? textItem(prediction, about) : await pictureItem(prediction, about));
  }
  const shown =
    wrong.length > SHOWN
      ? `the ${SHOWN} surest of ${wrong.length}`
      : wrong.length === 1
        ? "the only one"
        : `all ${wrong.length}`;
  const why = texts ? "texts that say both things" : "pictures of two things";
  return html`<section><h2>Surest mistakes</h2>
<p class="soft">Wrong answers on test ${kind}, the most confident first: ${shown}. Wrong labels, ${why} and classes that overlap show up here.</p>
<ul class="${texts ? "mistakes texts" : "mistakes"}">${items}</ul></section>`;
}

interface Facts {
  readonly place: string;
  readonly truth: string;
  readonly answer: string;
  readonly sure: string;
  readonly truthSure: string;
}

function facts({ target, label, probabilities }: TestPrediction, classes: readonly string[], place: string): Facts {
  const sure = (k: number): string => percent(probabilities[k]!, 0);
  return { place, truth: classes[target]!, answer: classes[label]!, sure: sure(label), truthSure: sure(target) };
}

function textItem({ text = "", pair }: TestPrediction, { place, truth, answer, sure, truthSure }: Facts): Html {
  return html`<li><blockquote>${shortened(text)}</blockquote>${pair !== undefined && html`<blockquote>${shortened(pair)}</blockquote>`}<div><b>${answer}</b> ${sure}, is ${truth} (${truthSure}) <span class="file">${place}</span></div></li>`;
}

function shortened(text: string): string {
  return text.length > CHARACTERS ? `${text.slice(0, CHARACTERS - 1)}…` : text;
}

async function pictureItem({ path }: TestPrediction, about: Facts): Promise<Html> {
  const { place, truth, answer, sure, truthSure } = about;
  const picture = await thumbnail(path, PIXELS).catch(() => undefined);
  const frame =
    picture === undefined || picture.length > BYTES_EACH
      ? html`<span>no preview</span>`
      : html`<img src="data:image/jpeg;base64,${picture.toString("base64")}" loading="lazy" alt="${`${place}: ${truth}, taken for ${answer}`}">`;
  return html`<li><div class="frame">${frame}</div><div><b>${answer}</b> ${sure}</div><div>is ${truth} (${truthSure})</div><div class="file" title="${place}">${place}</div></li>`;
}
