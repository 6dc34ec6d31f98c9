import { type Dim, fail, type GraphBuilder, type Value } from "@graft-ml/core";
import { reshape } from "../emit.ts";
import { type Operator, staticDims } from "../operator.ts";
import { parseEquation } from "./einsum-equation.ts";

/** A sum of products of one or two values over named axes; its gradients are such sums, too. */
export const einsum: Operator = {
  op: "Einsum",
  since: 12,
  infer(c) {
    const values = c.node.inputs.map((_, i) => c.input(i));
    const equation = c.attributes.string("equation");
    const { inputs, output } = parseEquation(
      c.node,
      equation,
      values.map(({ dims }) => dims.length),
    );
    const sizes = new Map<string, Dim>();
    inputs.forEach((term, i) => {
      for (const [axis, letter] of [...term].entries()) {
        const [known, dim] = [sizes.get(letter), values[i]!.dims[axis]!];
        if (typeof known === "number" && typeof dim === "number" && known !== dim) {
          throw fail(
            "graph",
            `node "${c.node.name}" (Einsum): in "${equation}" the axis "${letter}" is ${known} and ${dim}`,
          );
        }
        if (typeof known !== "number") sizes.set(letter, dim);
      }
    });
    return [{ dtype: values[0]!.dtype, dims: [...output].map((letter) => sizes.get(letter)!) }];
  },
  gradient({ g, node, attributes, inputs: values, dy, needs }) {
    const { inputs, output } = parseEquation(
      node,
      attributes.string("equation"),
      values.map((value) => value!.dims.length),
    );
    return values.map((value, i) => {
      if (!needs(i)) return undefined;
      const other = inputs[1 - i] ?? "";
      const present = [...inputs[i]!].filter((letter) => output.includes(letter) || other.includes(letter)).join("");
      const second = inputs.length === 2 ? [values[1 - i]!] : [];
      const left = inputs.length === 2 ? `${output},${other}` : output;
      const product = left === present ? dy : g.op("Einsum", [dy, ...second], { equation: `${left}->${present}` });
      return present === inputs[i] ? product : repeated(g, product, present, inputs[i]!, value!);
    });
  },
};

/** Axes that were summed on their own get their gradient repeated. */
function repeated(g: GraphBuilder, product: Value, present: string, term: string, target: Value): Value {
  const dims = staticDims(target);
  const column = dims.map((dim, axis) => (present.includes(term[axis]!) ? dim : 1));
  return g.op("Expand", [reshape(g, product, column), g.ints(dims)]);
}
