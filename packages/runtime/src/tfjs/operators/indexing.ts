import { sizeOf } from "@graft-ml/core";
import type { DeviceTensor } from "../device.ts";
import type { Kernel } from "../kernel.ts";
import { form, hostInts, logical, made, type Value } from "../value.ts";
import { onHost } from "./on-host.ts";

/** `GatherGrad(dy, indices)`: adds each slice to where it was picked. */
export const gatherGrad: Kernel = (node, device) => {
  // Without a kernel that adds by index, the host is far quicker than products with one-hot rows.
  if (device.name !== "tfjs-node") return onHost(node, device);
  const [shape, axis] = [node.ints("shape")!, node.int("axis", 0)];
  const numSegments = shape[axis]!;
  return (inputs) => {
    const [dy, picks] = inputs as readonly [Value, Value];
    const ids = Int32Array.from(hostInts(picks, device), (i) => (i < 0 ? i + numSegments : i));
    const outside = ids.find((i) => i < 0 || i >= numSegments);
    if (outside !== undefined) throw node.fail(`index ${outside} is out of range for an axis of ${numSegments}`);
    const outer = sizeOf(shape.slice(0, axis));
    const inner = sizeOf(shape.slice(axis + 1));
    const segmentIds = device.upload(ids, [ids.length], "int32");
    let rows: DeviceTensor = device.reshape(logical(dy, device), [outer, ids.length, inner]);
    if (outer > 1) rows = device.transpose(rows, [1, 0, 2]);
    const flat = device.reshape(rows, [ids.length, outer * inner]);
    const sums = device.run("UnsortedSegmentSum", { x: flat, segmentIds }, { numSegments });
    if (outer === 1) return made(device.reshape(sums, shape), dy.dtype);
    const turned = device.transpose(device.reshape(sums, [numSegments, outer, inner]), [1, 0, 2]);
    return made(device.reshape(turned, shape), dy.dtype);
  };
};

/** `Trilu`: a mask, made once a shape. */
export const trilu: Kernel = (node, device) => {
  const upper = node.int("upper", 1) === 1;
  return (inputs) => {
    const x = inputs[0]!;
    const offset = inputs[1] === undefined ? 0 : hostInts(inputs[1], device)[0]!;
    const [rows, columns] = x.dims.slice(-2) as [number, number];
    const keep = Uint8Array.from({ length: rows * columns }, (_, i) => {
      const distance = (i % columns) - Math.floor(i / columns) - offset;
      return Number(upper ? distance >= 0 : distance <= 0);
    });
    if (x.dtype !== "float32") return onHost(node, device)(inputs);
    const mask = device.upload(keep, [rows, columns], "bool");
    return made(device.select(mask, logical(x, device), device.scalar(0)), x.dtype);
  };
};

/** `CumSum` along any axis, which is moved last: the kernels go wrong elsewhere. */
export const cumSum: Kernel = (node, device) => {
  const [exclusive, reverse] = [node.int("exclusive", 0) === 1, node.int("reverse", 0) === 1];
  return (inputs) => {
    const x = inputs[0]!;
    const rank = x.dims.length;
    const given = hostInts(inputs[1]!, device)[0]!;
    const axis = given < 0 ? given + rank : given;
    const order = [...x.dims.map((_, i) => i).filter((i) => i !== axis), axis];
    const sums = device.run("Cumsum", { x: form(x, order, device) }, { axis: rank - 1, exclusive, reverse });
    return made(sums, x.dtype, order);
  };
};
