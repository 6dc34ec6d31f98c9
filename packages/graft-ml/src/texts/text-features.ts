import {
  type Backbone,
  checkInterrupted,
  type Engine,
  type Graph,
  type Program,
  type RunControl,
  sizeOf,
  type TextPreprocessing,
} from "@graft-ml/core";
import {
  type FeatureSpace,
  featureStore,
  padTokens,
  type TextTokenizer,
  type TokenizedTexts,
  textSpaceParts,
} from "@graft-ml/data";
import { inferShapes, upTo } from "@graft-ml/graph";
import { lengthBatches } from "@graft-ml/trainers";
import { bySpace, concatenate, weightsKey } from "../stored-rows.ts";
import type { FrozenPass } from "../supply.ts";

/** Values of texts at a boundary, in the store. */
export interface ExtractedTexts extends FrozenPass {
  /** Shape of a text's values, of a token's where each token has its own. */
  readonly dims: readonly number[];
  readonly byToken: boolean;
  /** The space that has a text of so many tokens; its rows are `dims`, or `[stored tokens, ...dims]` with zeros behind the text's own. */
  spaceOf(tokens: number): FeatureSpace;
}

/** How values of texts are extracted. */
export interface ExtractTextsOptions {
  readonly engine: Engine;
  readonly tokenizer: Pick<TextTokenizer, "sha256">;
  /** Cache folder. Default: the user's cache. */
  readonly cache?: string;
  readonly control?: RunControl;
}

/** Texts in one run of the prefix. */
const BATCH = 32;
/** Texts and bytes written at once: what a killed run can lose, and what waits in memory. */
const SHARD = 1024;
const SHARD_BYTES = 64 * 1024 ** 2;
/** Texts whose values come token by token are kept at a multiple of this length: a space for each would be one for every length. */
const STORED = 8;

/** Runs the frozen part once over the texts that the store does not have yet; `hashes` are what they are kept under. */
export async function extractTexts(
  backbone: Backbone<TextPreprocessing>,
  boundary: string,
  texts: TokenizedTexts,
  hashes: readonly string[],
  { engine, tokenizer, cache, control }: ExtractTextsOptions,
): Promise<ExtractedTexts> {
  const { card, graph } = backbone;
  const { dims, byToken } = valueDims(graph, boundary);
  const store = featureStore({
    ...(cache !== undefined && { directory: cache }),
    onNotice: (message) => control?.onEvent?.({ type: "notice", message }),
  });
  const stored = (tokens: number): number =>
    byToken ? Math.min(texts.maxTokens, Math.ceil(tokens / STORED) * STORED) : 0;
  const spaces = new Map<number, FeatureSpace>();
  for (const length of new Set([stored(1), ...texts.ids.map(({ length }) => stored(length))])) {
    const parts = textSpaceParts({
      weights: weightsKey(card),
      boundary,
      precision: "f16",
      preprocessing: card.preprocessing,
      tokenizer: tokenizer.sha256,
      dims: byToken ? [length, ...dims] : dims,
    });
    spaces.set(length, await store.open(parts));
  }
  const spaceOf = (tokens: number): FeatureSpace => spaces.get(stored(tokens))!;
  const missing = await missingTexts(texts, hashes, spaceOf);
  const seconds = { decode: 0, features: 0 };
  if (missing.length > 0) {
    const started = performance.now();
    control?.onEvent?.({ type: "stage", stage: "features", total: missing.length });
    const program = await engine.prepare(upTo(graph, [boundary]), { background: true });
    try {
      await fill({ program, backbone, boundary, texts, hashes, missing, spaceOf, byToken, control });
    } finally {
      await program.release();
    }
    seconds.features = (performance.now() - started) / 1000;
  }
  return {
    dims,
    byToken,
    spaceOf,
    space: {
      get bytes() {
        return [...spaces.values()].reduce((sum, space) => sum + space.bytes, 0);
      },
    },
    hits: hashes.length - missing.length,
    misses: missing.length,
    failed: [],
    seconds,
  };
}

/** The shape of one text's values at a boundary: token by token, or all in one. */
function valueDims(graph: Graph, boundary: string): { dims: number[]; byToken: boolean } {
  const dims = inferShapes(graph, { batch: 1 }).values.get(boundary)!.dims.slice(1);
  const byToken = typeof dims[0] !== "number";
  return { dims: (byToken ? dims.slice(1) : dims) as number[], byToken };
}

/** Places of the first text of each content that is not stored, in their order. */
async function missingTexts(
  texts: TokenizedTexts,
  hashes: readonly string[],
  spaceOf: (tokens: number) => FeatureSpace,
): Promise<number[]> {
  const first = new Map<string, number>();
  for (const [place, hash] of hashes.entries()) if (!first.has(hash)) first.set(hash, place);
  const missing: number[] = [];
  for (const [space, places] of bySpace(first.values(), (place) => spaceOf(texts.ids[place]!.length)))
    for (const i of await space.missing(places.map((place) => hashes[place]!))) missing.push(places[i]!);
  return missing.sort((a, b) => a - b);
}

interface Filling {
  readonly program: Program;
  readonly backbone: Backbone<TextPreprocessing>;
  readonly boundary: string;
  readonly texts: TokenizedTexts;
  readonly hashes: readonly string[];
  readonly missing: readonly number[];
  readonly spaceOf: (tokens: number) => FeatureSpace;
  readonly byToken: boolean;
  readonly control: RunControl | undefined;
}

async function fill(work: Filling): Promise<void> {
  const { program, backbone, boundary, texts, hashes, missing, spaceOf, byToken, control } = work;
  const { input, preprocessing } = backbone.card;
  const takes = new Set(upTo(backbone.graph, [boundary]).inputs.map(({ name }) => name));
  const { batches } = lengthBatches(
    missing.map((place) => texts.ids[place]!.length),
    { batch: BATCH },
  );
  const pending = new Map<FeatureSpace, { hashes: string[]; rows: Float32Array[] }>();
  let waiting = { texts: 0, bytes: 0 };
  const flush = async (): Promise<void> => {
    for (const [space, rows] of pending) await space.append(rows.hashes, concatenate(rows.rows));
    pending.clear();
    waiting = { texts: 0, bytes: 0 };
  };
  try {
    let done = 0;
    for (const { indices, tokens } of batches) {
      checkInterrupted(control?.signal, "graft/features");
      const places = indices.map((i) => missing[i]!);
      const { ids, mask } = padTokens(texts, { indices: places, tokens }, preprocessing.padId);
      const fed = { [input]: ids, [preprocessing.mask]: mask };
      const outputs = await program.run(Object.fromEntries(Object.entries(fed).filter(([name]) => takes.has(name))));
      const values = outputs[boundary]!.data as Float32Array;
      const each = values.length / places.length;
      for (const [row, place] of places.entries()) {
        const space = spaceOf(texts.ids[place]!.length);
        const kept = new Float32Array(sizeOf(space.dims));
        // What stands in padding depends on the batch: it is not kept.
        const own = byToken ? (each / tokens) * texts.ids[place]!.length : each;
        kept.set(values.subarray(row * each, row * each + own));
        const rows = pending.get(space) ?? { hashes: [], rows: [] };
        rows.hashes.push(hashes[place]!);
        rows.rows.push(kept);
        pending.set(space, rows);
        waiting = { texts: waiting.texts + 1, bytes: waiting.bytes + kept.byteLength };
      }
      if (waiting.texts >= SHARD || waiting.bytes >= SHARD_BYTES) await flush();
      done += places.length;
      control?.onEvent?.({ type: "progress", stage: "features", done, total: missing.length });
    }
  } finally {
    // What was computed is kept even when the run is stopped.
    await flush();
  }
}
