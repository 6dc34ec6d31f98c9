import { float32, sizeOf, type Tensor, type Tensors } from "@graft-ml/core";
import { padTokens } from "@graft-ml/data";
import { inMemory, type SampleSource } from "@graft-ml/trainers";
import { bySpace, IN_MEMORY, readRows } from "../stored-rows.ts";
import type { ExtractedTexts } from "./text-features.ts";
import { longest, sequencesOf, type TextPart } from "./text-source.ts";

/** Texts read from the store at once. */
const AT_ONCE = 256;

/** How stored values of texts are fed. */
export interface TextValuesOptions {
  readonly boundary: string;
  /** Name of the mask, where what comes after the boundary reads it. */
  readonly mask?: string;
  readonly padId: number;
  /** Bytes that may be held in memory. Default: 1 GiB. */
  readonly inMemory?: number;
}

/** Texts with their stored values, fed at the boundary: one row a text, or padded sequences with their mask. */
export async function textValueSource(
  extracted: ExtractedTexts,
  part: TextPart,
  hashes: readonly string[],
  options: TextValuesOptions,
): Promise<SampleSource<number>> {
  const { boundary, inMemory: limit = IN_MEMORY } = options;
  const { dims, byToken } = extracted;
  const { texts, places, targets } = part;
  const width = sizeOf(dims);
  const rows = byToken ? places.map((place) => texts.ids[place]!.length) : places.map(() => 1);
  const starts = new Float64Array(rows.length + 1);
  for (const [i, count] of rows.entries()) starts[i + 1] = starts[i]! + count * width;
  const all = places.map((_, i) => i);
  const held = starts.at(-1)! * 4 <= limit ? new Float32Array(starts.at(-1)!) : undefined;
  const read = (wanted: readonly number[], place: (row: Float32Array, at: number) => void): Promise<void> =>
    readTexts(extracted, part, hashes, wanted, (values, at) =>
      place(values.subarray(0, rows[wanted[at]!]! * width), at),
    );
  if (held !== undefined) await read(all, (values, at) => held.set(values, starts[at]!));
  if (held !== undefined && !byToken)
    return inMemory(boundary, { dtype: "float32", dims: [places.length, ...dims], data: held }, targets);

  const values = async (indices: readonly number[], tokens: number): Promise<Tensor> => {
    const data = new Float32Array(indices.length * tokens * width);
    const set = (row: Float32Array, at: number): void => data.set(row, at * tokens * width);
    if (held === undefined) await read(indices, set);
    else for (const [at, i] of indices.entries()) set(held.subarray(starts[i], starts[i + 1]), at);
    return float32([indices.length, ...(byToken ? [tokens] : []), ...dims], data);
  };
  if (!byToken) {
    const feed: SampleSource["feed"] = async ({ indices }) => ({ [boundary]: await values(indices, 1) });
    return { length: places.length, targets, feed };
  }
  return {
    ...sequencesOf(part),
    async feed({ indices, tokens: asked }): Promise<Tensors> {
      const wanted = indices.map((index) => places[index]!);
      const tokens = asked ?? longest(texts, wanted);
      const found = { [boundary]: await values(indices, tokens) };
      if (options.mask === undefined) return found;
      return { ...found, [options.mask]: padTokens(texts, { indices: wanted, tokens }, options.padId).mask };
    },
  };
}

/** Hands over the stored row of each wanted sample of the part, with its place among the wanted. */
async function readTexts(
  { spaceOf }: ExtractedTexts,
  { texts, places }: TextPart,
  hashes: readonly string[],
  wanted: readonly number[],
  take: (values: Float32Array, at: number) => void,
): Promise<void> {
  for (const [space, ats] of bySpace(wanted.keys(), (at) => spaceOf(texts.ids[places[wanted[at]!]!]!.length))) {
    const each = sizeOf(space.dims);
    for (let start = 0; start < ats.length; start += AT_ONCE) {
      const some = ats.slice(start, start + AT_ONCE);
      const out = new Float32Array(some.length * each);
      await readRows(
        space,
        some.map((at) => hashes[places[wanted[at]!]!]!),
        out,
      );
      for (const [row, at] of some.entries()) take(out.subarray(row * each, (row + 1) * each), at);
    }
  }
}
