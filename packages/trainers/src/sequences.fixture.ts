import { float32, type Head, int64, type Tensors, type Value } from "@graft-ml/core";
import { graphBuilder, type OpenGraph, reduceSum } from "@graft-ml/graph";
import type { Headed } from "./attach-head.ts";
import type { SampleBatch, SampleSource } from "./batches.ts";

/** Numbers in [-1, 1) that look random. */
export function wild(length: number, seed: number): number[] {
  return Array.from({ length }, (_, i) => ((((i + 1) * 7919 + seed * 104729) % 65521) / 65521) * 2 - 1);
}

/** Softmax cross-entropy on logits that the graph has already. */
export function softmaxHead(classes: number): Head<number> {
  return {
    targetInputs: () => [{ name: "target", dtype: "float32", dims: ["batch", classes] }],
    encode: (labels: readonly number[]) => ({
      target: float32(
        [labels.length, classes],
        labels.flatMap((label) => Array.from({ length: classes }, (_, k) => (k === label ? 1 : 0))),
      ),
    }),
    loss: ({ logits }: { logits: Value }, { target }: { target: Value }, g: OpenGraph) =>
      g.op("Neg", [reduceSum(g, g.op("Mul", [g.op("LogSoftmax", [logits], { axis: 1 }), target]), [1], false)]),
  } as unknown as Head<number>;
}

const [FEATURES, HIDDEN] = [3, 4];

/** One matrix on every token, the mean of those that are there, another matrix; inputs as a cut through a transformer has them. */
export function sequenceNetwork(classes: number): Headed {
  const g = graphBuilder();
  const parameter = (name: string, dims: readonly number[], values: ArrayLike<number>): Value =>
    g.parameter(name, float32(dims, values));
  const x = g.input("hidden", "float32", ["somewhere?0", "somewhere?1", FEATURES]);
  const mask = g.input("mask", "int64", ["batch", "tokens"]);
  const active = g.op("Tanh", [
    g.op("MatMul", [x, parameter("body.weight", [FEATURES, HIDDEN], wild(FEATURES * HIDDEN, 1))]),
  ]);
  const present = g.op("Unsqueeze", [g.op("Cast", [mask], { to: 1 }), g.ints([2])]);
  const sum = g.op("ReduceSum", [g.op("Mul", [active, present]), g.ints([1])], { keepdims: 0 });
  const pooled = g.op("Div", [sum, g.op("ReduceSum", [present, g.ints([1])], { keepdims: 0 })]);
  const logits = g.op("Gemm", [
    pooled,
    parameter("head.weight", [HIDDEN, classes], wild(HIDDEN * classes, 2)),
    parameter("head.bias", [classes], new Array<number>(classes).fill(0)),
  ]);
  return { graph: g.finish([logits]), outputs: { logits: logits.name }, parameters: ["head.weight", "head.bias"] };
}

/** Sequences of 1 to 12 tokens, in the order of their labels. */
export function sequences(
  count: number,
  classes: number,
  seed: number,
  paddings: readonly number[] = [4, 8, 12],
): SampleSource<number> {
  const lengths = wild(count, seed).map((value) => 1 + Math.floor(((value + 1) / 2) * 12));
  const values = lengths.map((length, i) => wild(length * FEATURES, seed + 10 + i));
  return {
    length: count,
    targets: lengths.map((_, i) => i % classes),
    lengths,
    paddings,
    feed: async ({ indices, tokens }: SampleBatch): Promise<Tensors> => {
      if (tokens === undefined) throw new Error("expected the batch to say how long it is");
      const hidden = new Float32Array(indices.length * tokens * FEATURES);
      const mask = new Array<number>(indices.length * tokens).fill(0);
      for (const [row, i] of indices.entries()) {
        hidden.set(values[i]!, row * tokens * FEATURES);
        mask.fill(1, row * tokens, row * tokens + lengths[i]!);
      }
      return {
        hidden: float32([indices.length, tokens, FEATURES], hidden),
        mask: int64([indices.length, tokens], mask),
      };
    },
  };
}
