import { fail, type GraphNode, type Value } from "@graft-ml/core";
import { DTYPE_OF } from "../model/elements.ts";
import { type Attributes, normalizeAxis, type Operator, staticDims } from "../operator.ts";
import { composedGradient, type Decompose, type DecomposeContext } from "./decomposition.ts";

const QUANTIZED: readonly string[] = ["int8", "uint8", "int16", "uint16", "int32"];

/** (x − zero point) · scale, of the whole value, along an axis, or in blocks. */
export const decomposeDequantize: Decompose = (c) => {
  const { g } = c;
  const [x, scale, zero] = c.inputs as [Value, Value, Value | undefined];
  const to = DTYPE_OF.indexOf(scale.dtype);
  const number = g.op("Cast", [x], { to });
  const spread = spreadParameters(c, x);
  const dims = staticDims(x);
  const shaped = spread.dims.join() === dims.join() ? number : g.op("Reshape", [number, g.ints(spread.dims)]);
  const shifted = zero === undefined ? shaped : g.op("Sub", [shaped, spread.of(g.op("Cast", [zero], { to }))]);
  const y = g.op("Mul", [shifted, spread.of(scale)]);
  return [shaped === number ? y : g.op("Reshape", [y, g.ints(dims)])];
};

/** Quantised numbers as floats; an int8 weight stays int8 in the graph, and a gradient passes it by. */
export const dequantizeLinear: Operator = {
  op: "DequantizeLinear",
  since: 10,
  infer(c) {
    const [x, scale] = [c.input(0), c.input(1)];
    if (!QUANTIZED.includes(x.dtype)) {
      throw fail(
        "graph",
        `node "${c.node.name}" (DequantizeLinear): expected ${QUANTIZED.join(", ")}; "${x.name}" is ${x.dtype}`,
      );
    }
    checkParameters(c.node, c.attributes, x, scale);
    return [{ dtype: scale.dtype, dims: x.dims }];
  },
  gradient(c) {
    if (c.needs(0)) {
      throw fail(
        "graph/differentiate",
        `node "${c.node.name}" (DequantizeLinear): there is no gradient through the quantised value "${c.node.inputs[0]}"; train behind it, or a model that is not quantised`,
      );
    }
    return composedGradient(decomposeDequantize)(c);
  },
};

/** Refuses scales that fit neither the whole value, nor its axis, nor its blocks. */
export function checkParameters(node: GraphNode, attributes: Attributes, x: Value, scale: Value): void {
  if (scale.dims.length === 0 || (scale.dims.length === 1 && scale.dims[0] === 1)) return;
  const axis = normalizeAxis(node, attributes.int("axis", 1), x.dims.length);
  const [size, count] = [x.dims[axis]!, scale.dims[scale.dims.length === 1 ? 0 : axis]!];
  const block = attributes.int("block_size", 0);
  const known = typeof size === "number" && typeof count === "number";
  const fits =
    block === 0 ? scale.dims.length === 1 && (!known || size === count) : scale.dims.length === x.dims.length;
  if (!fits || (block > 0 && known && Math.ceil(size / block) !== count)) {
    throw fail(
      "graph",
      `node "${node.name}" (${node.op}): scales of [${scale.dims.join(", ")}] do not fit axis ${axis} of [${x.dims.join(", ")}]${block > 0 ? ` in blocks of ${block}` : ""}`,
    );
  }
}

/** A shape of x, and the way to a form of its scales and zero points, that are broadcast to one another. */
function spreadParameters(
  { g, node, attributes, inputs }: DecomposeContext,
  x: Value,
): { readonly dims: readonly number[]; readonly of: (parameter: Value) => Value } {
  const dims = staticDims(x);
  const own = staticDims(inputs[1]!);
  if (own.length === 0) return { dims, of: (parameter) => parameter };
  if (own.length === 1 && own[0] === 1) return { dims, of: (parameter) => g.op("Reshape", [parameter, g.ints([])]) };
  const axis = normalizeAxis(node, attributes.int("axis", 1), dims.length);
  const block = attributes.int("block_size", 0);
  if (block === 0) {
    const column = dims.map((_, i) => (i === axis ? own[0]! : 1));
    return { dims, of: (parameter) => g.op("Reshape", [parameter, g.ints(column)]) };
  }
  const blocks = dims[axis]! / block;
  if (!Number.isInteger(blocks)) {
    throw fail(
      "graph",
      `node "${node.name}" (${node.op}): an axis of ${dims[axis]} in blocks of ${block}, the last one shorter, is not supported here`,
    );
  }
  const [before, after] = [dims.slice(0, axis), dims.slice(axis + 1)];
  return {
    dims: [...before, blocks, block, ...after],
    of: (parameter) => g.op("Reshape", [parameter, g.ints([...before, blocks, 1, ...after])]),
  };
}
