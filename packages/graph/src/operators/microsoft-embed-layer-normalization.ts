import { int64, tensor, type Value } from "@graft-ml/core";
import { reduceSum } from "../emit.ts";
import { type Operator, staticDims } from "../operator.ts";
import { composedGradient, type Decompose } from "./decomposition.ts";
import { MICROSOFT_DOMAIN } from "./microsoft.ts";
import { normalized } from "./skip-layer-normalization.ts";

const [FLOAT, INT] = [1, 6];

/** Embeddings of words, places and segments, added and normalised; lengths of the sentences; the sum. */
export const decomposeEmbedLayerNormalization: Decompose = (c) => {
  const { g } = c;
  const [ids, segments, words, places, kinds, gamma, beta, mask, at] = c.inputs as Value[];
  const [batch, length] = staticDims(ids!) as [number, number];
  const picked = (table: Value | undefined, indices: Value): Value => g.op("Gather", [table, indices], { axis: 0 });
  const order = Array.from({ length }, (_, i) => i);
  const position = at ?? g.constant(int64([1, length], order));
  const placed = g.op("Add", [picked(words, ids!), picked(places, position)]);
  const sum = segments === undefined ? placed : g.op("Add", [placed, picked(kinds, segments)]);
  const lengths =
    mask === undefined
      ? g.constant(tensor("int32", [batch], new Int32Array(batch)))
      : g.op("Cast", [reduceSum(g, g.op("Cast", [mask], { to: FLOAT }), [1], false)], { to: INT });
  return [normalized(c, sum, gamma!, beta).y, lengths, sum];
};

/** The embeddings of a BERT, normalised, as ONNX Runtime's optimizer writes them. */
export const embedLayerNormalization: Operator = {
  op: "EmbedLayerNormalization",
  domain: MICROSOFT_DOMAIN,
  since: 1,
  infer(c) {
    const [ids, words] = [c.input(0), c.input(2)];
    const embedded = { dtype: words.dtype, dims: [...ids.dims, words.dims[1]!] };
    return [embedded, { dtype: "int32", dims: [ids.dims[0]!] }, embedded];
  },
  gradient: composedGradient(decomposeEmbedLayerNormalization),
  severalOutputs: true,
};
