import { allocate, toNumbers } from "@graft-ml/core";
import type { Operator } from "../operator.ts";

/** The upper or lower triangle of the last two axes, zeros elsewhere; the gradient is cut the same way. */
export const trilu: Operator = {
  op: "Trilu",
  since: 14,
  infer: (c) => [c.input(0)],
  evaluate(c, [x, k]) {
    const [rows, columns] = x!.dims.slice(-2) as [number, number];
    const offset = k === undefined ? 0 : toNumbers(k)[0]!;
    const upper = c.attributes.int("upper", 1) === 1;
    const data = allocate(x!.dtype, x!.data.length);
    for (let i = 0; i < data.length; i++) {
      const distance = (i % columns) - (Math.floor(i / columns) % rows) - offset;
      if (upper ? distance >= 0 : distance <= 0) data[i] = x!.data[i]!;
    }
    return [{ ...x!, data }];
  },
  gradient: ({ g, attributes, inputs, dy }) => [g.op("Trilu", [dy, inputs[1]], { upper: attributes.int("upper", 1) })],
};
