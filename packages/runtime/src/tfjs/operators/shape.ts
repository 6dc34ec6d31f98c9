import { type DType, sizeOf } from "@graft-ml/core";
import { spread } from "../composed.ts";
import { arrayOf } from "../device.ts";
import { COMPUTED, dtypeOfCode, type Kernel } from "../kernel.ts";
import {
  deviceType,
  form,
  hostInts,
  hostValue,
  logical,
  made,
  NHWC,
  ordered,
  physical,
  reshaped,
  shared,
  uploaded,
  type Value,
} from "../value.ts";

/** `Dropout` when a model is used: everything is kept, and the mask says so. */
export const dropout: Kernel = (node, device) => (inputs) => {
  const x = inputs[0]!;
  const kept = shared(x, device);
  if (node.node.outputs.length < 2) return kept;
  const mask = device.upload(new Uint8Array(sizeOf(x.dims)).fill(1), [...x.dims], "bool");
  return [kept, made(mask, "bool")];
};

/** `Identity`. */
export const identity: Kernel = (_, device) => (inputs) => shared(inputs[0]!, device);

/** `Cast`; halves and doubles may only be cast from. */
export const cast: Kernel = (node, device) => {
  const to = dtypeOfCode(node.int("to", 0));
  if (to === undefined || !COMPUTED.has(to))
    throw node.fail(`cannot cast to ${to ?? "this type"}; this engine computes in float32, int32, int64 and bool`);
  return (inputs) => {
    const x = inputs[0]!;
    if (x.dtype === "float64" && to !== "float32") throw node.fail(`cannot cast float64 to ${to}`);
    const [from, type] = [deviceType(x.dtype), deviceType(to)];
    if (x.host !== undefined && type === "int32") return hostValue(x.host, x.dims, to);
    if (from === type) return shared(x, device, to);
    const tensor = physical(x, device);
    // The WebAssembly kernel would cut 0.5 down to false.
    const result =
      type === "bool"
        ? device.run("NotEqual", { a: tensor, b: device.scalar(0, from) })
        : device.run("Cast", { x: tensor }, { dtype: type });
    return made(result, to, x.order);
  };
};

/** `Reshape`: 0 copies a dimension (unless `allowzero`), -1 takes what remains. */
export const reshape: Kernel = (node, device) => {
  const allowZero = node.int("allowzero", 0) !== 0;
  return (inputs) => {
    const x = inputs[0]!;
    const asked = hostInts(inputs[1]!, device).map((dim, i) => (dim === 0 && !allowZero ? x.dims[i]! : dim));
    const known = asked.filter((dim) => dim !== -1).reduce((a, b) => a * b, 1);
    const dims = asked.map((dim) => (dim === -1 ? sizeOf(x.dims) / known : dim));
    if (sizeOf(dims) !== sizeOf(x.dims))
      throw node.fail(`cannot reshape [${x.dims.join(", ")}] to [${asked.join(", ")}]`);
    return reshaped(x, dims, device);
  };
};

/** `Flatten` to two axes. */
export const flatten: Kernel = (node, device) => {
  const attribute = node.int("axis", 1);
  return (inputs) => {
    const x = inputs[0]!;
    const axis = attribute < 0 ? attribute + x.dims.length : attribute;
    return reshaped(x, [sizeOf(x.dims.slice(0, axis)), sizeOf(x.dims.slice(axis))], device);
  };
};

/** `Squeeze`: axes as an attribute, an input, or every axis of size 1. */
export const squeeze: Kernel = (node, device) => {
  const attribute = node.ints("axes");
  return (inputs) => {
    const x = inputs[0]!;
    const given = inputs[1] === undefined ? attribute : hostInts(inputs[1], device);
    const axes = given?.map((axis) => (axis < 0 ? axis + x.dims.length : axis));
    return reshaped(
      x,
      x.dims.filter((dim, i) => (axes === undefined ? dim !== 1 : !axes.includes(i))),
      device,
    );
  };
};

/** `Unsqueeze`: axes count in the result. */
export const unsqueeze: Kernel = (node, device) => {
  const attribute = node.ints("axes");
  return (inputs) => {
    const x = inputs[0]!;
    const given = inputs[1] === undefined ? attribute! : hostInts(inputs[1], device);
    const rank = x.dims.length + given.length;
    const axes = given.map((axis) => (axis < 0 ? axis + rank : axis));
    const rest = [...x.dims];
    const dims = Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : rest.shift()!));
    return reshaped(x, dims, device);
  };
};

/** `Transpose` moves nothing: the value is only read in another order, until a kernel needs it row-major. */
export const transpose: Kernel = (node, device) => {
  const attribute = node.ints("perm");
  return (inputs) => {
    const x = inputs[0]!;
    const permutation = attribute ?? x.dims.map((_, i) => x.dims.length - 1 - i);
    const order = x.order ?? x.dims.map((_, i) => i);
    return made(
      device.alias(physical(x, device)),
      x.dtype,
      order.map((axis) => permutation.indexOf(axis)),
    );
  };
};

/** `Shape`, known on the host. */
export const shape: Kernel = (node) => {
  const [start, end] = [node.int("start", 0), node.int("end", Number.MAX_SAFE_INTEGER)];
  return (inputs) => {
    const dims = inputs[0]!.dims.slice(start, end);
    return hostValue(dims, [dims.length]);
  };
};

/** `Size`, known on the host. */
export const size: Kernel = () => (inputs) => hostValue([sizeOf(inputs[0]!.dims)], []);

/** `Expand`: broadcasts to a shape. */
export const expand: Kernel = (_, device) => (inputs) => {
  const x = inputs[0]!;
  const target = hostInts(inputs[1]!, device);
  const dims = device.core.broadcast_util.assertAndGetBroadcastShape([...x.dims], [...target]);
  // A picture grown from one pixel is made in the kernels' own order, which costs nothing here and a transposition later.
  const pixel = x.dims.length === 4 && dims.length === 4 && x.dims[2] === 1 && x.dims[3] === 1;
  const order = pixel ? NHWC : dims.length === x.dims.length ? x.order : undefined;
  const tensor = form(x, order, device);
  const result = spread(tensor, ordered(dims, order), device);
  return made(result === tensor ? device.alias(tensor) : result, x.dtype, order);
};

/** `Tile`. */
export const tile: Kernel = (_, device) => (inputs) => {
  const x = inputs[0]!;
  return made(device.run("Tile", { x: logical(x, device) }, { reps: hostInts(inputs[1]!, device) }), x.dtype);
};

/** `Constant` in all its spellings. */
export const constant: Kernel = (node, device) => {
  const tensor = node.tensor("value");
  const has = (name: string) => node.node.attributes[name] !== undefined;
  return () => {
    if (tensor !== undefined) return uploaded(tensor, device);
    if (has("value_int")) return hostValue([node.int("value_int", 0)], []);
    const ints = node.ints("value_ints");
    if (ints !== undefined) return hostValue(ints, [ints.length]);
    const floats = node.floats("value_floats");
    if (floats !== undefined)
      return made(device.upload(Float32Array.from(floats), [floats.length], "float32"), "float32");
    if (has("value_float")) return made(device.scalar(node.float("value_float", 0)), "float32");
    throw node.fail("this kind of constant is not supported");
  };
};

/** `ConstantOfShape`: zeros of float32 unless a value is given. */
export const constantOfShape: Kernel = (node, device) => {
  const given = node.tensor("value");
  const dtype: DType = given?.dtype ?? "float32";
  if (!COMPUTED.has(dtype)) throw node.fail(`cannot make a constant of ${dtype}`);
  const value = given === undefined ? 0 : Number(given.data[0]);
  return (inputs): Value => {
    const dims = hostInts(inputs[0]!, device);
    const type = deviceType(dtype);
    if (type === "int32" && sizeOf(dims) <= 4096)
      return hostValue(new Array<number>(sizeOf(dims)).fill(value), dims, dtype);
    return made(device.upload(arrayOf(type, new Array<number>(sizeOf(dims)).fill(value)), dims, type), dtype);
  };
};
