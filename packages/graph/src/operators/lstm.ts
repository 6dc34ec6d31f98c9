import { fail, type Value } from "@graft-ml/core";
import type { Operator } from "../operator.ts";
import { composedGradient, type Decompose } from "./decomposition.ts";
import { inferRecurrent, splitEvenly, total, unrolled, type Walk } from "./recurrent.ts";

/** Gates i, o, f and candidate c: C = f·C + i·c, h = o·tanh(C). */
const walk: Walk = (c, { inputs, recurrence, biases, peepholes, activations, initial }) => {
  const { g } = c;
  const [gate, candidate, output] = activations as [string, string, string];
  const bias = biases && g.op("Add", [...biases]);
  const [peepInput, peepOutput, peepForget] = peepholes === undefined ? [] : splitEvenly(c, peepholes, 0, 3);
  const seen = (cell: Value | undefined, weights: Value | undefined): Value | undefined =>
    cell && weights && g.op("Mul", [cell, weights]);
  let { h, c: cell } = initial;
  return inputs.map((x) => {
    const recurrent = h && g.op("MatMul", [h, recurrence]);
    const [i, o, f, z] = splitEvenly(c, total(c, x, bias, recurrent), 1, 4) as [Value, Value, Value, Value];
    const fresh = g.op("Mul", [g.op(gate, [total(c, i, seen(cell, peepInput))]), g.op(candidate, [z])]);
    const kept = cell && g.op("Mul", [g.op(gate, [total(c, f, seen(cell, peepForget))]), cell]);
    const next = total(c, kept, fresh);
    const opened = g.op(gate, [total(c, o, seen(next, peepOutput))]);
    cell = next;
    h = g.op("Mul", [opened, g.op(output, [next])]);
    return { h, c: next };
  });
};

/** An LSTM, step by step. */
export const decomposeLstm: Decompose = (c) => {
  if (c.attributes.int("input_forget", 0) !== 0) {
    throw fail(
      "graph",
      `node "${c.node.name}" (LSTM): input_forget is not supported outside plain inference on onnxruntime`,
    );
  }
  return unrolled(c, walk, ["Sigmoid", "Tanh", "Tanh"], true);
};

/** Long short-term memory over a sequence; the gradient goes back through its steps. */
export const lstm: Operator = {
  op: "LSTM",
  since: 7,
  infer: inferRecurrent(4, 3),
  gradient: composedGradient(decomposeLstm),
  severalOutputs: true,
};
