import { type Dim, fail, toNumbers } from "@graft-ml/core";
import { type InferContext, normalizeAxis, type Operator, staticDims } from "../operator.ts";
import { picked, stridesOf } from "./evaluation.ts";

/** Parts of a value along one axis, given by size or equal; the last equal part may be smaller. */
export const split: Operator = {
  op: "Split",
  since: 2,
  infer(c) {
    const { dtype, dims } = c.input(0);
    const axis = normalizeAxis(c.node, c.attributes.int("axis", 0), dims.length);
    return sizesOf(c, dims[axis]!).map((size) => ({ dtype, dims: dims.map((dim, i) => (i === axis ? size : dim)) }));
  },
  evaluate(c, [x]) {
    const dims = x!.dims;
    const axis = normalizeAxis(c.node, c.attributes.int("axis", 0), dims.length);
    const inner = stridesOf(dims)[axis]!;
    const whole = dims[axis]!;
    let start = 0;
    return (sizesOf(c, whole) as number[]).map((size) => {
      const from = start;
      start += size;
      const block = size * inner;
      return picked(
        x!,
        dims.map((dim, i) => (i === axis ? size : dim)),
        (i) => Math.floor(i / block) * whole * inner + from * inner + (i % block),
      );
    });
  },
  severalOutputs: true,
  gradient({ g, node, attributes, inputs, constant, dys }) {
    const dims = staticDims(inputs[0]!);
    const axis = normalizeAxis(node, attributes.int("axis", 0), dims.length);
    const sizes = sizesOf({ node, attributes, constant, optional: (i) => inputs[i], unknown: () => "?" }, dims[axis]!);
    const parts = dys.map((dy, i) => {
      const part = dims.map((dim, k) => (k === axis ? Number(sizes[i]) : dim));
      return dy ?? g.op("ConstantOfShape", [g.ints(part)]);
    });
    return [parts.length === 1 ? parts[0] : g.op("Concat", parts, { axis })];
  },
};

type Context = Pick<InferContext, "node" | "attributes" | "constant" | "optional" | "unknown">;

function sizesOf(c: Context, whole: Dim): readonly Dim[] {
  const count = c.node.outputs.length;
  if (c.attributes.has("split")) return c.attributes.ints("split");
  if (c.optional(1) !== undefined) {
    const sizes = c.constant(1);
    if (sizes !== undefined) return checked(c, Array.from(toNumbers(sizes)), whole);
    return Array.from({ length: count }, () => c.unknown());
  }
  if (typeof whole === "string") return Array.from({ length: count }, () => c.unknown());
  const equal = Math.ceil(whole / count);
  return checked(
    c,
    Array.from({ length: count }, (_, i) => Math.min(equal, whole - i * equal)),
    whole,
  );
}

function checked(c: Context, sizes: readonly number[], whole: Dim): readonly number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (sizes.some((size) => size < 0) || (typeof whole === "number" && total !== whole)) {
    throw fail("graph", `node "${c.node.name}" (Split) cannot cut an axis of ${whole} into ${sizes.join(", ")}`);
  }
  return sizes;
}
