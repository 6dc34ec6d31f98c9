import { allocate, sizeOf, type Tensor, type TensorData } from "@graft-ml/core";
import { broadcastDims } from "../broadcast.ts";
import type { InferContext } from "../operator.ts";

/** Exact value of a node's outputs from constant inputs; `undefined` leaves it to the engine. */
export type Evaluate = (context: InferContext, inputs: readonly Tensor[]) => readonly Tensor[] | undefined;

/** What an elementwise operator means for integers and for floats. */
export interface Meaning {
  readonly exact?: (...values: bigint[]) => bigint | undefined;
  readonly real?: (...values: number[]) => number;
}

/** Evaluates an elementwise operator with broadcasting; integers wrap around as the machine's do. */
export function elementwise({ exact, real }: Meaning): Evaluate {
  return (c, inputs) => {
    const { dtype } = inputs[0]!;
    if (inputs.some((input) => input.dtype !== dtype)) return undefined;
    const dims = inputs.reduce<readonly number[]>((all, { dims }) => broadcastDims(c.node, all, dims) as number[], []);
    const data = allocate(dtype, sizeOf(dims));
    const integers = dtype === "int64" || dtype === "int32";
    if (integers ? exact === undefined : real === undefined || (dtype !== "float32" && dtype !== "float64"))
      return undefined;
    const places = inputs.map((input) => broadcastPlaces(input.dims, dims));
    for (let i = 0; i < data.length; i++) {
      const values = inputs.map((input, k) => input.data[places[k]!(i)]!);
      const result = integers ? exact!(...values.map(BigInt)) : real!(...(values as number[]));
      if (result === undefined) return undefined;
      data[i] = typeof result === "bigint" && dtype === "int32" ? Number(BigInt.asIntN(32, result)) : result;
    }
    return [{ dtype, dims, data }];
  };
}

/** Evaluates an elementwise question; integers are compared exactly. */
export function predicate(holds: (...values: (number | bigint)[]) => boolean): Evaluate {
  return (c, inputs) => {
    if (inputs.some(({ dtype }) => dtype !== inputs[0]!.dtype || dtype.endsWith("float16"))) return undefined;
    const dims = inputs.reduce<readonly number[]>((all, { dims }) => broadcastDims(c.node, all, dims) as number[], []);
    const places = inputs.map((input) => broadcastPlaces(input.dims, dims));
    const data = Uint8Array.from({ length: sizeOf(dims) }, (_, i) =>
      Number(holds(...inputs.map((input, k) => input.data[places[k]!(i)]!))),
    );
    return [{ dtype: "bool", dims, data }];
  };
}

/** A tensor of `dims` whose elements come from `x`, each from the flat place that `source` names. */
export function picked(x: Tensor, dims: readonly number[], source: (flat: number) => number): Tensor {
  const data = allocate(x.dtype, sizeOf(dims));
  for (let i = 0; i < data.length; i++) data[i] = x.data[source(i)]!;
  return { dtype: x.dtype, dims, data };
}

/** Distance in memory between neighbours along each axis. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length).fill(1);
  for (let axis = dims.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * dims[axis + 1]!;
  return strides;
}

/** The position of a flat index on each axis. */
export function positionOf(flat: number, dims: readonly number[]): number[] {
  const position = new Array<number>(dims.length);
  for (let axis = dims.length - 1, rest = flat; axis >= 0; axis--) {
    position[axis] = rest % dims[axis]!;
    rest = (rest - position[axis]!) / dims[axis]!;
  }
  return position;
}

/** Where the element at a flat index of `dims` lies in a value of shape `own` that is broadcast to it. */
export function broadcastPlaces(own: readonly number[], dims: readonly number[]): (flat: number) => number {
  const strides = stridesOf(own);
  const lead = dims.length - own.length;
  return (flat) => {
    let place = 0;
    for (let axis = dims.length - 1, rest = flat; axis >= lead; axis--) {
      const at = rest % dims[axis]!;
      rest = (rest - at) / dims[axis]!;
      if (own[axis - lead] !== 1) place += at * strides[axis - lead]!;
    }
    return place;
  };
}

/** Adds in the arithmetic of the array. */
export function accumulate(data: TensorData, place: number, value: number | bigint): void {
  data[place] = typeof value === "bigint" ? (data[place] as bigint) + value : (data[place] as number) + value;
}

/** The larger of two integers. */
export function larger(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

/** The smaller of two integers. */
export function smaller(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}
