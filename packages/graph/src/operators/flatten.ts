import type { Dim } from "@graft-ml/core";
import { reshape } from "../emit.ts";
import { normalizeAxis, type Operator, staticDims } from "../operator.ts";

/** Two dimensions: those before the axis, and those from it on. */
export const flatten: Operator = {
  op: "Flatten",
  since: 1,
  infer(c) {
    const { dtype, dims } = c.input(0);
    const wanted = c.attributes.int("axis", 1);
    const axis = wanted === dims.length ? wanted : normalizeAxis(c.node, wanted, dims.length);
    const product = (part: readonly Dim[]): Dim => {
      const names = part.filter((dim) => typeof dim === "string");
      const number = part.reduce<number>((all, dim) => (typeof dim === "number" ? all * dim : all), 1);
      if (names.length === 0) return number;
      return names.length === 1 && number === 1 ? names[0]! : c.unknown();
    };
    return [{ dtype, dims: [product(dims.slice(0, axis)), product(dims.slice(axis))] }];
  },
  gradient: ({ g, inputs, dy }) => [reshape(g, dy, staticDims(inputs[0]!))],
};
