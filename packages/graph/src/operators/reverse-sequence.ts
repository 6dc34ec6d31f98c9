import { fail, toNumbers } from "@graft-ml/core";
import { type Attributes, normalizeAxis, type Operator } from "../operator.ts";
import { picked, positionOf, stridesOf } from "./evaluation.ts";

/** Turns the first elements of each sequence round, as many as its length says; its gradient is turned the same way. */
export const reverseSequence: Operator = {
  op: "ReverseSequence",
  since: 10,
  infer(c) {
    const { time, batch } = axesOf(c.attributes);
    const rank = c.input(0).dims.length;
    if (time === batch || Math.max(time, batch) > 1 || Math.min(time, batch) < 0 || rank < 2) {
      throw fail(
        "graph",
        `node "${c.node.name}" (ReverseSequence): expected time_axis and batch_axis 0 and 1; received ${time} and ${batch} of rank ${rank}`,
      );
    }
    return [c.input(0)];
  },
  evaluate(c, [x, lengths]) {
    const { dims } = x!;
    const axes = axesOf(c.attributes);
    const time = normalizeAxis(c.node, axes.time, dims.length);
    const batch = normalizeAxis(c.node, axes.batch, dims.length);
    const counts = toNumbers(lengths!);
    const strides = stridesOf(dims);
    return [
      picked(x!, dims, (flat) => {
        const position = positionOf(flat, dims);
        const [at, count] = [position[time]!, counts[position[batch]!]!];
        return at < count ? flat + (count - 1 - 2 * at) * strides[time]! : flat;
      }),
    ];
  },
  gradient({ g, attributes, inputs, dy }) {
    const { time, batch } = axesOf(attributes);
    return [g.op("ReverseSequence", [dy, inputs[1]], { time_axis: time, batch_axis: batch })];
  },
};

function axesOf(attributes: Attributes): { time: number; batch: number } {
  return { time: attributes.int("time_axis", 0), batch: attributes.int("batch_axis", 1) };
}
