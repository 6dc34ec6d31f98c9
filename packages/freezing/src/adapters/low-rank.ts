import { float32, type Random, sizeOf, type Tensor, type Tensors, type Value } from "@graft-ml/core";
import { attributesOf, type OpenGraph } from "@graft-ml/graph";
import { type Change, repeat } from "./change-nodes.ts";
import type { Layer } from "./layers.ts";
import { matrixOf, trainedValue } from "./merging.ts";
import { PARTS } from "./select-layers.ts";

/** Names of one pair of matrices, and the part of a merged kernel that they belong to. */
export interface Pair {
  readonly part?: string;
  readonly a: string;
  readonly b: string;
}

/** How the two matrices are made. */
export interface Drawing {
  readonly r: number;
  readonly scale: number;
  readonly random: Random;
  /** Adds a parameter at its first use. */
  first(g: OpenGraph, name: string, make: () => Tensor): Value;
}

/** The node's product plus s · (x A) B. */
export function beside(layer: Layer, pairs: readonly Pair[], { r, scale, random, first }: Drawing): Change {
  return (g, node) => {
    const x = g.value(node.inputs[0]!);
    const fan = layer.inputs * sizeOf(layer.window);
    const ones = layer.window.map(() => 1);
    const [downDims, upDims] =
      layer.kind === "conv"
        ? [
            [r, layer.inputs, ...layer.window],
            [layer.outputs, r, ...ones],
          ]
        : [
            [layer.inputs, r],
            [r, pairs[0]!.part === undefined ? layer.outputs : layer.outputs / PARTS.length],
          ];
    const downs = pairs.map(({ a }) => first(g, a, () => drawn(downDims, 1 / Math.sqrt(fan), random.fork(a))));
    const ups = pairs.map(({ b }) => first(g, b, () => float32(upDims, new Float32Array(sizeOf(upDims)))));
    const whole = repeat(g, node);
    if (layer.kind === "conv") {
      const kept = Object.entries(node.attributes).filter(([key]) => key !== "group");
      const attributes = Object.fromEntries(
        kept.map(([key, { value }]) => [key, value as number | string | readonly number[]]),
      );
      const low = g.op("Mul", [g.op("Conv", [x, downs[0]!], attributes), g.scalar(scale)]);
      return g.op("Add", [whole, g.op("Conv", [low, ups[0]!], { kernel_shape: ones })]);
    }
    const down = downs.length === 1 ? downs[0]! : g.op("Concat", downs, { axis: 1 });
    const turned = node.op === "Gemm" && attributesOf(node).int("transA", 0) === 1;
    const low = turned ? g.op("Gemm", [x, down], { transA: 1 }) : g.op("MatMul", [x, down]);
    const scaled = g.op("Mul", [low, g.scalar(scale)]);
    return g.op("Add", [whole, g.op("MatMul", [scaled, widened(g, pairs, ups, r)])]);
  };
}

/** The parts' B as one matrix `[r · parts, outputs]`, zero where a row's part does not reach. */
function widened(g: OpenGraph, pairs: readonly Pair[], ups: readonly Value[], r: number): Value {
  if (pairs[0]!.part === undefined) return ups[0]!;
  const width = ups[0]!.dims[1] as number;
  const zeros = (count: number): Value =>
    g.shared(`adapter zeros ${r}x${count}`, () => float32([r, count], new Float32Array(r * count)));
  const rows = pairs.map(({ part }, i) => {
    const before = PARTS.indexOf(part!) * width;
    const after = (PARTS.length - 1) * width - before;
    const row = [...(before > 0 ? [zeros(before)] : []), ups[i]!, ...(after > 0 ? [zeros(after)] : [])];
    return g.op("Concat", row, { axis: 1 });
  });
  return rows.length === 1 ? rows[0]! : g.op("Concat", rows, { axis: 0 });
}

/** Kaiming's uniform values for a = √5, as PyTorch starts linear layers. */
function drawn(dims: readonly number[], bound: number, random: Random): Tensor {
  return float32(
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => (2 * random.uniform() - 1) * bound),
  );
}

/** Adds factor · A B to an update `[inputs · window, outputs]`, in float64. */
export function addProduct(
  where: string,
  update: Float64Array,
  layer: Layer,
  { part, a, b }: Pair,
  values: Tensors,
  r: number,
  factor: number,
): void {
  const rows = layer.inputs * sizeOf(layer.window);
  const width = part === undefined ? layer.outputs : layer.outputs / PARTS.length;
  const start = part === undefined ? 0 : PARTS.indexOf(part) * width;
  const [down, up] =
    layer.kind === "conv"
      ? [
          matrixOf(trainedValue(where, values, a, [r, layer.inputs, ...layer.window]), rows, true),
          matrixOf(trainedValue(where, values, b, [layer.outputs, r, ...layer.window.map(() => 1)]), r, true),
        ]
      : [
          matrixOf(trainedValue(where, values, a, [rows, r]), rows, false),
          matrixOf(trainedValue(where, values, b, [r, width]), r, false),
        ];
  for (let row = 0; row < rows; row++) {
    const place = row * layer.outputs + start;
    for (let k = 0; k < r; k++) {
      const scaled = factor * down[row * r + k]!;
      const from = k * width;
      for (let column = 0; column < width; column++) update[place + column]! += scaled * up[from + column]!;
    }
  }
}
