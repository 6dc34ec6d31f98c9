import { type Dim, fail, toNumbers } from "@graft-ml/core";
import { type Operator, staticDims } from "../operator.ts";

/** Zeros (or a constant) around a value; negative pads are refused. */
export const pad: Operator = {
  op: "Pad",
  since: 11,
  infer(c) {
    const { dtype, dims } = c.input(0);
    const mode = c.attributes.string("mode", "constant");
    if (mode !== "constant")
      throw fail("graph", `node "${c.node.name}" (Pad): mode ${mode} is not supported, only constant`);
    if (c.optional(3) !== undefined)
      throw fail("graph", `node "${c.node.name}" (Pad): the axes input is not supported`);
    const pads = c.constant(1);
    if (pads === undefined) throw fail("graph", `node "${c.node.name}" (Pad): pads must be constant`);
    const amounts = toNumbers(pads);
    return [
      {
        dtype,
        dims: dims.map((dim, i): Dim => {
          const extra = amounts[i]! + amounts[i + dims.length]!;
          return extra === 0 ? dim : typeof dim === "number" ? dim + extra : c.unknown();
        }),
      },
    ];
  },
  gradient({ g, inputs, constant, dy }) {
    const dims = staticDims(inputs[0]!);
    const before = Array.from(toNumbers(constant(1)!)).slice(0, dims.length);
    const ends = dims.map((dim, i) => before[i]! + dim);
    return [g.op("Slice", [dy, g.ints(before), g.ints(ends), g.ints(dims.map((_, i) => i))])];
  },
};
