import { fail, float32, type GraphNode, type Tensors, type Value } from "@graft-ml/core";
import { attributesOf, type OpenGraph, reshape } from "@graft-ml/graph";
import type { Layer } from "./layers.ts";
import { trainedValue } from "./merging.ts";
import { PARTS } from "./select-layers.ts";

/** Factors in the shape that broadcasts over the layer's outputs, or over the inputs of the node that is given. */
export function placed(g: OpenGraph, { kind, window }: Layer, factors: Value, node?: GraphNode): Value {
  const length = factors.dims[0] as number;
  if (kind === "conv") return reshape(g, factors, [length, ...window.map(() => 1)]);
  const turned = node?.op === "Gemm" && attributesOf(node).int("transA", 0) === 1;
  return turned ? reshape(g, factors, [length, 1]) : factors;
}

/** Factors of a merged kernel's parts among ones for the other parts. */
export function spread(g: OpenGraph, layer: Layer, parts: readonly string[], factors: Value): Value {
  if (parts.length === 0) return factors;
  const width = layer.outputs / PARTS.length;
  const ones = g.shared(`adapter ones ${width}`, () => float32([width], new Float32Array(width).fill(1)));
  const pieces = PARTS.map((part): Value => {
    const place = parts.indexOf(part);
    if (place < 0) return ones;
    return g.op("Slice", [factors, g.ints([place * width]), g.ints([(place + 1) * width]), g.ints([0])]);
  });
  return g.op("Concat", pieces, { axis: 0 });
}

/** A layer's factors in float64, one an output (or input); `back`: their inverses. */
export function factorsOf(
  where: string,
  name: string,
  length: number,
  parts: readonly string[],
  values: Tensors,
  back: boolean,
): Float64Array {
  const width = length / PARTS.length;
  const count = parts.length === 0 ? length : width * parts.length;
  const { data } = trainedValue(where, values, name, [count]);
  const all = new Float64Array(length).fill(1);
  for (let i = 0; i < count; i++) {
    const place = parts.length === 0 ? i : PARTS.indexOf(parts[Math.floor(i / width)]!) * width + (i % width);
    all[place] = Number(data[i]);
  }
  const zero = all.indexOf(0);
  if (back && zero >= 0)
    throw fail(where, `the factor ${zero} of "${name}" is 0, which nothing undoes. Take the base's initializers`);
  return back ? all.map((value) => 1 / value) : all;
}
