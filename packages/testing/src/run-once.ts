import {
  type Engine,
  float32,
  type Graph,
  int64,
  type Random,
  sizeOf,
  type Tensor,
  type Tensors,
  type TextPreprocessing,
  type ValueInfo,
} from "@graft-ml/core";
import { onnxRuntimeEngine } from "@graft-ml/runtime";

/** Opens the engine that the kit computes with. */
export type OpenEngine = () => Promise<Engine>;

/** ONNX Runtime, opened at the first use. */
export const defaultEngine: OpenEngine = onnxRuntimeEngine;

/** Prepares a graph, runs it once on one thread, and releases it. */
export async function runOnce(
  engine: Engine,
  graph: Graph,
  inputs: Tensors,
  fetch?: readonly string[],
): Promise<Tensors> {
  const program = await engine.prepare(graph, { threads: 1 });
  try {
    return copied(await program.run(inputs, fetch));
  } finally {
    await program.release();
  }
}

/** Standard normal values for every float input, with `batch` for dimensions that have only a name. */
export function randomInputs(inputs: readonly ValueInfo[], random: Random, batch: number): Tensors {
  return Object.fromEntries(
    inputs.map(({ name, dims }) => [
      name,
      randomTensor(
        dims.map((dim) => (typeof dim === "number" ? dim : batch)),
        random,
      ),
    ]),
  );
}

/** Ids below `words` of sentences of different lengths, and their mask. Default: a thousand, which every large vocabulary has. */
export function randomTokens(
  input: string,
  { mask, padId, maxTokens }: TextPreprocessing,
  random: Random,
  batch: number,
  words = 1000,
): Tensors {
  const tokens = Math.min(6 + batch, maxTokens);
  const present = (sentence: number, token: number): boolean => token < tokens - sentence;
  const rows = (of: (present: boolean) => number): Tensor =>
    int64(
      [batch, tokens],
      Array.from({ length: batch * tokens }, (_, i) => of(present(Math.floor(i / tokens), i % tokens))),
    );
  return {
    [input]: rows((here) => (here ? random.integer(words) : padId)),
    [mask]: rows((here) => (here ? 1 : 0)),
  };
}

/** A tensor of normal values around 0. */
export function randomTensor(dims: readonly number[], random: Random, deviation = 1): Tensor {
  return float32(
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => deviation * random.normal()),
  );
}

/** Tensors whose data nobody else holds. */
export function copied(tensors: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, t]) => [name, { ...t, data: t.data.slice() as Tensor["data"] }]),
  );
}
