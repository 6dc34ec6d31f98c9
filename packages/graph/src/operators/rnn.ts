import type { Operator } from "../operator.ts";
import { composedGradient, type Decompose } from "./decomposition.ts";
import { inferRecurrent, total, unrolled, type Walk } from "./recurrent.ts";

/** h = f(x·Wᵀ + h·Rᵀ + biases). */
const walk: Walk = (c, { inputs, recurrence, biases, activations, initial }) => {
  const { g } = c;
  const bias = biases && g.op("Add", [...biases]);
  let { h } = initial;
  return inputs.map((x) => {
    h = g.op(activations[0]!, [total(c, x, bias, h && g.op("MatMul", [h, recurrence]))]);
    return { h, c: h };
  });
};

/** A plain recurrent network, step by step. */
export const decomposeRnn: Decompose = (c) => unrolled(c, walk, ["Tanh"], false);

/** A plain recurrent network over a sequence; the gradient goes back through its steps. */
export const rnn: Operator = {
  op: "RNN",
  since: 7,
  infer: inferRecurrent(1, 2),
  gradient: composedGradient(decomposeRnn),
  severalOutputs: true,
};
