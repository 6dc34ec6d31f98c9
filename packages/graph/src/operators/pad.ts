import { type Dim, fail, type Value } from "@graft-ml/core";
import { reduceSum } from "../emit.ts";
import { type Operator, staticDims } from "../operator.ts";
import { unpick } from "./axis-maps.ts";
import { padAmounts, padded, padIndices } from "./pad-geometry.ts";

const MODES: readonly string[] = ["constant", "reflect", "edge", "wrap"];

/** A constant around a value, or its own elements mirrored, repeated or carried round; negative amounts crop. */
export const pad: Operator = {
  op: "Pad",
  since: 2,
  infer(c) {
    const { dtype, dims } = c.input(0);
    const mode = c.attributes.string("mode", "constant");
    if (!MODES.includes(mode))
      throw fail("graph", `node "${c.node.name}" (Pad): mode ${mode} is not known, only ${MODES.join(", ")}`);
    if (c.opset < 11 ? !c.attributes.has("pads") || c.optional(1) !== undefined : c.optional(1) === undefined) {
      const where = c.opset < 11 ? "an attribute" : "an input";
      throw fail("graph", `node "${c.node.name}" (Pad): expected pads as ${where} in operator set ${c.opset}`);
    }
    const amounts = padAmounts(c, dims.length);
    if (amounts === undefined) throw fail("graph", `node "${c.node.name}" (Pad): pads and axes must be constant`);
    return [
      {
        dtype,
        dims: dims.map((dim, i): Dim => {
          const [before, after] = [amounts.before[i]!, amounts.after[i]!];
          if (before === 0 && after === 0) return dim;
          if (typeof dim !== "number") return before + after === 0 && mode === "constant" ? dim : c.unknown();
          const left = dim + Math.min(0, before) + Math.min(0, after);
          const most = mode === "edge" && left > 0 ? Number.POSITIVE_INFINITY : mode === "reflect" ? left - 1 : left;
          if (mode !== "constant" && Math.max(0, before, after) > Math.max(0, most)) {
            throw fail(
              "graph",
              `node "${c.node.name}" (Pad): mode ${mode} cannot add [${before}, ${after}] to the ${left} elements of axis ${i}`,
            );
          }
          return dim + before + after;
        }),
      },
    ];
  },
  gradient({ g, node, inputs, constant, attributes, dy, needs }) {
    const x = inputs[0]!;
    const dims = staticDims(x);
    const mode = attributes.string("mode", "constant");
    const { before, after } = padAmounts({ node, attributes, constant }, dims.length)!;
    if (mode === "constant") {
      const inner = padded(
        g,
        dy,
        before.map((amount) => -amount),
        after.map((amount) => -amount),
      );
      const value = inputs[2];
      if (value === undefined || !needs(2)) return [inner];
      const axes = dims.map((_, i) => i);
      const outside = g.op("Sub", [reduceSum(g, dy, axes, false), reduceSum(g, inner, axes, false)]);
      return [needs(0) ? inner : undefined, undefined, g.op("Reshape", [outside, g.ints(staticDims(value))])];
    }
    let gradient: Value = dy;
    dims.forEach((size, axis) => {
      gradient = unpick(g, gradient, axis, padIndices(mode, size, before[axis]!, after[axis]!), size);
    });
    return [gradient];
  },
};
