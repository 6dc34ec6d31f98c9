import {
  type Backbone,
  type BackboneCard,
  type ImagePreprocessing,
  type Preprocessing,
  sizeOf,
  type TextPreprocessing,
} from "@graft-ml/core";
import { inferShapes } from "@graft-ml/graph";
import { holds, isOneLine } from "../expectations.ts";

/** The card says who made the weights, how to feed them, and nothing impossible. */
export function isCard(card: BackboneCard<Preprocessing>, id: string): void {
  holds(card.id === id, () => `expected the card's id to be "${id}"; received ${JSON.stringify(card.id)}`);
  for (const key of ["title", "licence", "task", "input", "features"] as const)
    isOneLine(`the card's ${key}`, card[key]);
  holds(
    Object.keys(card.source).length > 0,
    () => "expected the card to say where the weights come from; source is empty",
  );
  holds(
    /^([0-9a-f]{64}|unverified)$/.test(card.sha256),
    () => `expected sha256 in 64 hexadecimal digits or "unverified"; received "${card.sha256}"`,
  );
  for (const key of ["numFeatures", "parameters", "bytes"] as const) {
    holds(
      Number.isSafeInteger(card[key]) && card[key] > 0,
      () => `expected the card's ${key} to be a positive integer; received ${card[key]}`,
    );
  }
  const top1 = card.accuracy?.top1;
  holds(
    top1 === undefined || (top1 > 0 && top1 <= 1),
    () => `expected accuracy.top1 between 0 and 1; received ${top1}`,
  );
  if ("tokenizer" in card.preprocessing) isTextPreprocessing(card.preprocessing);
  else isImagePreprocessing(card.preprocessing);
}

const POOLINGS: readonly TextPreprocessing["pooling"][] = ["mean", "cls", "last", "max", "none"];

function isTextPreprocessing({ maxTokens, padId, mask, pooling }: TextPreprocessing): void {
  holds(
    POOLINGS.includes(pooling),
    () => `expected preprocessing.pooling to be one of ${POOLINGS.join(", ")}; received ${JSON.stringify(pooling)}`,
  );
  holds(
    Number.isInteger(maxTokens) && maxTokens > 2,
    () => `expected preprocessing.maxTokens above the 2 special tokens; received ${maxTokens}`,
  );
  holds(
    Number.isInteger(padId) && padId >= 0,
    () => `expected preprocessing.padId to be a token's id; received ${padId}`,
  );
  isOneLine("preprocessing.mask", mask);
}

function isImagePreprocessing({ size, crop, mean, std }: ImagePreprocessing): void {
  holds(Number.isInteger(size) && size > 0, () => `expected preprocessing.size in pixels; received ${size}`);
  holds(crop > 0 && crop <= 1, () => `expected preprocessing.crop in (0, 1]; received ${crop}`);
  holds(
    mean.length === 3 && mean.every((value) => value >= 0 && value <= 255),
    () => `expected a mean of 3 pixel values 0..255; received ${mean}`,
  );
  // Deviations below 1 are those of pixels scaled to 0..1, the commonest mistake in a card.
  holds(
    std.length === 3 && std.every((value) => value >= 1 && value <= 256),
    () => `expected a std of 3 pixel values 1..256; received ${std}`,
  );
}

/** The graph has what the card names, in the card's shapes. */
export function isCardOf({ card, graph }: Backbone<Preprocessing>): void {
  const input = graph.inputs.find(({ name }) => name === card.input);
  holds(
    input !== undefined,
    () => `expected an input "${card.input}"; the graph has ${graph.inputs.map(({ name }) => name).join(", ")}`,
  );
  const sample = sampleDims(card.preprocessing);
  holds(
    input.dims.slice(1).join() === sample.join() && typeof input.dims[0] === "string",
    () => `expected input "${card.input}" to be [batch, ${sample.join(", ")}]; received [${input.dims.join(", ")}]`,
  );
  if ("mask" in card.preprocessing) {
    const { mask } = card.preprocessing;
    const dims = graph.inputs.find(({ name }) => name === mask)?.dims;
    holds(
      dims?.join() === input.dims.join(),
      () => `expected an input "${mask}" of the shape of "${card.input}"; received ${dims && `[${dims.join(", ")}]`}`,
    );
  }
  const outputs = graph.outputs.map(({ name }) => name).join(", ");
  holds(outputs === card.features, () => `expected the graph to end at "${card.features}"; its outputs are ${outputs}`);
  const dims = inferShapes(graph).values.get(card.features)!.dims;
  const everyToken = "tokenizer" in card.preprocessing && card.preprocessing.pooling === "none";
  const wanted = ["batch", ...(everyToken ? ["tokens"] : []), card.numFeatures];
  holds(
    dims.length === wanted.length && dims.at(-1) === card.numFeatures,
    () => `expected features [${wanted.join(", ")}]; received [${dims.join(", ")}]`,
  );
}

/** Shape of one sample as the graph takes it. */
function sampleDims(preprocessing: Preprocessing): readonly (number | string)[] {
  if ("tokenizer" in preprocessing) return ["tokens"];
  const { size, layout } = preprocessing;
  return layout === "NCHW" ? [3, size, size] : [size, size, 3];
}

/** The number of trainable parameters: what the file has beyond the backbone's graph is an original classifier. */
export function isParameterCount({ card, graph }: Backbone<Preprocessing>): void {
  const statistics = new Set(
    graph.nodes.filter((node) => node.op === "BatchNormalization").flatMap((node) => node.inputs.slice(3)),
  );
  const counted = weightNames(graph).reduce(
    (sum, name) => (statistics.has(name) ? sum : sum + sizeOf(graph.initializers.get(name)!.dims)),
    0,
  );
  const whole = card.output === undefined || card.output === card.features;
  const plausible = whole ? card.parameters === counted : card.parameters >= counted;
  holds(
    plausible,
    () =>
      `expected the card's parameters to be ${whole ? "" : "at least "}${counted}, the graph's count; received ${card.parameters}`,
  );
}

/** Float initializers with at least one dimension that a node reads: weights, not settings. */
export function weightNames(graph: Backbone["graph"]): string[] {
  const read = new Set(graph.nodes.flatMap((node) => node.inputs));
  return [...graph.initializers]
    .filter(([name, { dtype, dims }]) => read.has(name) && dims.length > 0 && /^b?float/.test(dtype))
    .map(([name]) => name);
}
