import {
  float32,
  type Graph,
  int64,
  seededRandom,
  sizeOf,
  type Tensor,
  type Tensors,
  tensor,
  toNumbers,
  type Value,
} from "@graft-ml/core";
import { type LooseBuilder, looseBuilder } from "./loose-builder.fixture.ts";
import type { OperatorCase } from "./operators.cases.ts";

/** A case's graph; `last` sends its pictures in with channels last. */
export function operatorGraph({ inputs, build, opset }: OperatorCase, last = false): Graph {
  const g = looseBuilder(opset);
  const values = inputs.map(({ dtype, dims }, i) => {
    const value = g.input(`x${i}`, dtype, dims);
    return last && dims.length === 4 && dtype === "float32" ? channelsLast(g, value) : value;
  });
  return g.finish([build(g, ...values)].flat());
}

/** What a case is fed, the same at every call. */
export function operatorInputs({ name, inputs }: OperatorCase): Tensors {
  return Object.fromEntries(
    inputs.map(({ dtype, dims, positive }, i) => {
      const value = filled(dtype, dims, `${name}${i}`);
      return [
        `x${i}`,
        positive
          ? float32(
              dims,
              Array.from(toNumbers(value), (n) => Math.abs(n) + 0.1),
            )
          : value,
      ];
    }),
  );
}

/** Numbers in [-2, 2], some exactly on the whole numbers where clips and comparisons turn. */
function filled(dtype: Tensor["dtype"], dims: readonly number[], seed: string): Tensor {
  const random = seededRandom(seed);
  const numbers = Array.from({ length: sizeOf(dims) }, () => random.uniform() * 4 - 2);
  if (dtype === "bool")
    return tensor(
      "bool",
      dims,
      Uint8Array.from(numbers, (n) => (n > 0 ? 1 : 0)),
    );
  if (dtype === "int64")
    return int64(
      dims,
      numbers.map((n) => Math.round(n)),
    );
  if (dtype === "int32") return tensor("int32", dims, Int32Array.from(numbers));
  if (dtype === "uint8")
    return tensor(
      "uint8",
      dims,
      Uint8Array.from(numbers, (n) => (n + 2) * 60),
    );
  return float32(
    dims,
    numbers.map((n, i) => (i % 7 === 0 ? Math.round(n) : n)),
  );
}

/** Sends a picture through a convolution that changes nothing, so that it arrives in the kernels' own order of axes. */
function channelsLast(g: LooseBuilder, x: Value): Value {
  const channels = x.dims[1] as number;
  const one = g.constant(float32([channels, 1, 1, 1], new Array<number>(channels).fill(1)));
  return g.op("Conv", [x, one], { group: channels, kernel_shape: [1, 1] });
}

/** The graph with its outputs declared as an engine computed them: ONNX Runtime refuses types and shapes that are not so. */
export function declaredAs(graph: Graph, results: Tensors): Graph {
  const outputs = graph.outputs.map(({ name }) => ({ name, dtype: results[name]!.dtype, dims: results[name]!.dims }));
  return { ...graph, outputs };
}

/** Largest difference, relative where the expected value is above 1; infinite where one is not a number. */
export function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i]) || (Number.isNaN(a[i]) && Number.isNaN(b[i]))) continue;
    most = Math.max(most, Math.abs(a[i]! - b[i]!) / Math.max(1, Math.abs(b[i]!)));
    if (Number.isNaN(most)) return Number.POSITIVE_INFINITY;
  }
  return most;
}
