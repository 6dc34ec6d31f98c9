import { toNumbers } from "@graft-ml/core";
import { normalizeAxis, type Operator } from "../operator.ts";
import { stridesOf } from "./evaluation.ts";

/** Running sum along an axis; the gradient is the running sum from the other end. */
export const cumSum: Operator = {
  op: "CumSum",
  since: 11,
  infer: (c) => [c.input(0)],
  evaluate(c, [x, at]) {
    const { dims } = x!;
    const axis = normalizeAxis(c.node, toNumbers(at!)[0]!, dims.length);
    const [exclusive, reverse] = [c.attributes.int("exclusive", 0) === 1, c.attributes.int("reverse", 0) === 1];
    const data = x!.data.slice() as Float32Array;
    const inner = stridesOf(dims)[axis]!;
    const count = dims[axis]!;
    for (let line = 0; line < data.length / Math.max(1, count); line++) {
      const start = Math.floor(line / inner) * inner * count + (line % inner);
      let total: number | undefined;
      for (let k = 0; k < count; k++) {
        const place = start + (reverse ? count - 1 - k : k) * inner;
        const value = data[place]!;
        const next: number = total === undefined ? value : total + value;
        // A difference of equals is the zero of the array's own type.
        data[place] = exclusive ? (total ?? ((value - value) as number)) : next;
        total = next;
      }
    }
    return [{ ...x!, data }];
  },
  gradient({ g, attributes, inputs, dy }) {
    const [exclusive, reverse] = [attributes.int("exclusive", 0), attributes.int("reverse", 0)];
    return [g.op("CumSum", [dy, inputs[1]], { exclusive, reverse: 1 - reverse })];
  },
};
