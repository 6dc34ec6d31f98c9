import { allocate, type DType, fail, floatToHalf, type Tensor, toNumbers } from "@graft-ml/core";
import { DTYPE_OF } from "../model/elements.ts";
import type { Operator } from "../operator.ts";

/** Conversion to another element type; the gradient is converted back. */
export const cast: Operator = {
  op: "Cast",
  since: 6,
  infer: (c) => [{ dtype: target(c.attributes.int("to"), c.node.name), dims: c.input(0).dims }],
  evaluate(c, [x]) {
    const dtype = target(c.attributes.int("to"), c.node.name);
    const result = convert(x!, dtype);
    return result === undefined ? undefined : [result];
  },
  gradient: ({ g, inputs, dy }) =>
    inputs[0]!.dtype.startsWith("float")
      ? [g.op("Cast", [dy], { to: DTYPE_OF.indexOf(inputs[0]!.dtype) })]
      : [undefined],
};

function target(code: number, node: string): DType {
  const dtype = DTYPE_OF[code];
  if (dtype === undefined) throw fail("graph", `node "${node}" (Cast): element type ${code} is not supported`);
  return dtype;
}

// To fewer bits by way of float32, as ONNX Runtime does.
const FLOAT32 = (value: number | bigint): number => Math.fround(Number(value));
const [WIDE, BITS] = (() => {
  const wide = new Float32Array(1);
  return [wide, new Uint32Array(wide.buffer)];
})();

/** Rounds a float32 to the nearest bfloat16 (ties to even) and returns its bits. */
function bfloatBits(value: number): number {
  WIDE[0] = value;
  const bits = BITS[0]!;
  if (Number.isNaN(value)) return 0x7fc0;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

/** Converts exactly; `undefined` for what C++ leaves open: a float outside the integers of its new type. */
function convert(x: Tensor, dtype: DType): Tensor | undefined {
  const data = allocate(dtype, x.data.length);
  const halves = x.dtype === "float16" || x.dtype === "bfloat16";
  const values: ArrayLike<number | bigint> = halves ? toNumbers(x) : x.data;
  const bits = 8 * data.BYTES_PER_ELEMENT;
  for (let i = 0; i < data.length; i++) {
    const value = values[i]!;
    if (dtype === "float16") data[i] = floatToHalf(FLOAT32(value));
    else if (dtype === "bfloat16") data[i] = bfloatBits(FLOAT32(value));
    else if (dtype === "bool") data[i] = Number(Number(value) !== 0);
    else if (dtype.startsWith("float")) data[i] = Number(value);
    else {
      if (typeof value === "number" && !(Math.abs(value) < 2 ** (bits - 1))) return undefined;
      const whole = typeof value === "bigint" ? value : BigInt(Math.trunc(value));
      if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = whole;
      else data[i] = Number(BigInt.asIntN(bits, whole));
    }
  }
  return { dtype, dims: x.dims, data };
}
