import type { Value } from "@graft-ml/core";
import type { Operator } from "../operator.ts";
import { composedGradient, type Decompose } from "./decomposition.ts";
import { inferRecurrent, splitEvenly, total, unrolled, type Walk } from "./recurrent.ts";

/** Gates z and r, candidate n: h = (1 − z)·n + z·h; the reset gate r acts before or after the product with R. */
const walk: Walk = (c, { inputs, recurrence, biases, activations, initial }) => {
  const { g } = c;
  const [gate, candidate] = activations as [string, string];
  const late = c.attributes.int("linear_before_reset", 0) !== 0;
  const thirds = (value: Value | undefined, axis: number): readonly (Value | undefined)[] =>
    value === undefined ? [] : splitEvenly(c, value, axis, 3);
  const [biasW, biasR] = [thirds(biases?.[0], 0), thirds(biases?.[1], 0)];
  const weights = splitEvenly(c, recurrence, 1, 3) as [Value, Value, Value];
  let { h } = initial;
  return inputs.map((x) => {
    const parts = splitEvenly(c, x, 1, 3);
    const product = (weight: Value, from: Value | undefined = h): Value | undefined =>
      from && g.op("MatMul", [from, weight]);
    const z = g.op(gate, [total(c, parts[0], biasW[0], biasR[0], product(weights[0]))]);
    const r = g.op(gate, [total(c, parts[1], biasW[1], biasR[1], product(weights[1]))]);
    const reset = late
      ? scaledBy(r, [product(weights[2]), biasR[2]])
      : [product(weights[2], h && g.op("Mul", [r, h])), biasR[2]];
    const n = g.op(candidate, [total(c, parts[2], biasW[2], ...reset)]);
    const fresh = g.op("Mul", [g.op("Sub", [g.scalar(1), z]), n]);
    h = total(c, fresh, h && g.op("Mul", [z, h]));
    return { h, c: h };
  });

  function scaledBy(r: Value, terms: readonly (Value | undefined)[]): readonly Value[] {
    if (terms.every((term) => term === undefined)) return [];
    return [g.op("Mul", [r, total(c, ...terms)])];
  }
};

/** A GRU, step by step. */
export const decomposeGru: Decompose = (c) => unrolled(c, walk, ["Sigmoid", "Tanh"], false);

/** Gated recurrent units over a sequence; the gradient goes back through their steps. */
export const gru: Operator = {
  op: "GRU",
  since: 7,
  infer: inferRecurrent(3, 2),
  gradient: composedGradient(decomposeGru),
  severalOutputs: true,
};
