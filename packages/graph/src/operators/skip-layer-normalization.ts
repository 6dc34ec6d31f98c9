import type { Value } from "@graft-ml/core";
import { reduceMean } from "../emit.ts";
import type { Operator } from "../operator.ts";
import { composedGradient, type Decompose, type DecomposeContext } from "./decomposition.ts";
import { MICROSOFT_DOMAIN } from "./microsoft.ts";

/** x less its mean over the last axis, in units of its deviation; then scale and shift. */
export function normalized(
  { g, attributes }: DecomposeContext,
  x: Value,
  gamma: Value,
  beta: Value | undefined,
): { readonly y: Value; readonly mean: Value; readonly inverse: Value } {
  const axis = [x.dims.length - 1];
  const mean = reduceMean(g, x, axis, true);
  const centred = g.op("Sub", [x, mean]);
  const variance = reduceMean(g, g.op("Mul", [centred, centred]), axis, true);
  const deviation = g.op("Sqrt", [g.op("Add", [variance, g.scalar(attributes.float("epsilon", 1e-12))])]);
  const scaled = g.op("Mul", [g.op("Div", [centred, deviation]), gamma]);
  const y = beta === undefined ? scaled : g.op("Add", [scaled, beta]);
  return { y, mean, inverse: g.op("Reciprocal", [deviation]) };
}

/** The sum, and its normalisation step by step. */
export const decomposeSkipLayerNormalization: Decompose = (c) => {
  const [x, skip, gamma, beta, bias] = c.inputs as [Value, Value, Value, Value | undefined, Value | undefined];
  const joined = c.g.op("Add", [x, skip]);
  const sum = bias === undefined ? joined : c.g.op("Add", [joined, bias]);
  const { y, mean, inverse } = normalized(c, sum, gamma, beta);
  return [y, mean, inverse, sum];
};

/** Layer normalisation of x + skip (+ bias), as ONNX Runtime's optimizer writes it; the fourth output is the sum. */
export const skipLayerNormalization: Operator = {
  op: "SkipLayerNormalization",
  domain: MICROSOFT_DOMAIN,
  since: 1,
  infer(c) {
    const { dtype, dims } = c.input(0);
    const each = { dtype, dims: [...dims.slice(0, -1), 1] };
    return [{ dtype, dims }, each, each, { dtype, dims }];
  },
  gradient: composedGradient(decomposeSkipLayerNormalization),
  severalOutputs: true,
};
