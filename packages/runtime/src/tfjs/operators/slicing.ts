import { sizeOf } from "@graft-ml/core";
import { padIndices } from "@graft-ml/graph";
import type { DeviceTensor } from "../device.ts";
import type { Kernel } from "../kernel.ts";
import {
  deviceType,
  form,
  hostInts,
  hostValue,
  logical,
  made,
  ordered,
  physical,
  physicalAxis,
  shared,
  type Value,
} from "../value.ts";
import { together } from "./elementwise.ts";

/** `Concat` along an axis, in whatever order the largest part has. */
export const concat: Kernel = (node, device) => {
  const axis = node.int("axis", 0);
  return (inputs) => {
    const values = inputs as readonly Value[];
    if (values.every((value) => value.host !== undefined && value.dims.length === 1)) {
      const all = values.flatMap((value) => value.host!);
      return hostValue(all, [all.length], values[0]!.dtype);
    }
    const filled = values.filter((value) => sizeOf(value.dims) > 0);
    if (filled.length === 0) return shared(values[0]!, device);
    const { tensors, order } = together(filled, device);
    const place = physicalAxis(axis, { ...filled[0]!, order });
    return made(
      tensors.length === 1 ? device.alias(tensors[0]!) : device.concat(tensors, place),
      values[0]!.dtype,
      order,
    );
  };
};

/** `Slice`: starts, ends, axes and steps as inputs, before operator set 10 as attributes; a negative step walks backwards. */
export const slice: Kernel = (node, device) => (inputs) => {
  const x = inputs[0]!;
  const rank = x.dims.length;
  const list = (index: number, attribute: string) =>
    node.ints(attribute) ?? (inputs[index] === undefined ? undefined : hostInts(inputs[index], device));
  const [starts, ends] = [list(1, "starts") ?? [], list(2, "ends") ?? []];
  const axes = list(3, "axes")?.map((axis) => (axis < 0 ? axis + rank : axis)) ?? starts.map((_, i) => i);
  const steps = inputs[4] === undefined ? starts.map(() => 1) : hostInts(inputs[4], device);
  const begin = new Array<number>(rank).fill(0);
  const size = [...x.dims];
  const walks: { axis: number; indices: number[] }[] = [];
  axes.forEach((axis, i) => {
    const dim = x.dims[axis]!;
    const step = steps[i]!;
    if (step === 0) throw node.fail("expected steps other than 0");
    const clamp = (n: number, low: number, high: number) => Math.min(Math.max(n < 0 ? n + dim : n, low), high);
    const from = step > 0 ? clamp(starts[i]!, 0, dim) : clamp(starts[i]!, 0, dim - 1);
    const to = step > 0 ? clamp(ends[i]!, 0, dim) : clamp(ends[i]!, -1, dim - 1);
    const count = Math.max(0, Math.ceil((to - from) / step));
    if (step === 1 || count <= 1) [begin[axis], size[axis]] = [from, count];
    else walks.push({ axis, indices: Array.from({ length: count }, (_, k) => from + k * step) });
  });
  let tensor: DeviceTensor = device.slice(physical(x, device), ordered(begin, x.order), ordered(size, x.order));
  for (const { axis, indices } of walks) {
    const where = device.upload(Int32Array.from(indices), [indices.length], "int32");
    tensor = device.run("GatherV2", { x: tensor, indices: where }, { axis: physicalAxis(axis, x), batchDims: 0 });
  }
  return made(tensor, x.dtype, x.order);
};

/** `Split`: sizes as an input or attribute, or as many equal parts as there are outputs. */
export const split: Kernel = (node, device) => {
  const axis = node.int("axis", 0);
  const attribute = node.ints("split");
  const parts = node.int("num_outputs", node.node.outputs.length);
  return (inputs) => {
    const x = inputs[0]!;
    const dim = x.dims[axis < 0 ? axis + x.dims.length : axis]!;
    const equal = Math.ceil(dim / parts);
    const given = inputs[1] === undefined ? attribute : hostInts(inputs[1], device);
    const sizes = given ?? Array.from({ length: parts }, (_, i) => Math.min(equal, dim - i * equal));
    const place = physicalAxis(axis, x);
    let begin = 0;
    return sizes.map((size) => {
      const tensor = physical(x, device);
      const from = tensor.shape.map((_, i) => (i === place ? begin : 0));
      begin += size;
      return made(
        device.slice(
          tensor,
          from,
          tensor.shape.map((n, i) => (i === place ? size : n)),
        ),
        x.dtype,
        x.order,
      );
    });
  };
};

/** `Pad` with a constant or the value's own elements; negative amounts crop. Amounts were attributes before operator set 11. */
export const pad: Kernel = (node, device) => {
  const mode = node.text("mode", "constant");
  const attribute = node.ints("pads");
  const attributeValue = node.float("value", 0);
  return (inputs) => {
    const x = inputs[0]!;
    const rank = x.dims.length;
    const pads = inputs[1] === undefined ? attribute! : hostInts(inputs[1], device);
    const fill = inputs[2];
    const value = fill === undefined ? attributeValue : (fill.host?.[0] ?? device.readSync(logical(fill, device))[0]!);
    const axes =
      inputs[3] === undefined
        ? x.dims.map((_, i) => i)
        : hostInts(inputs[3], device).map((a) => (a < 0 ? a + rank : a));
    const amounts = x.dims.map(() => [0, 0] as readonly [number, number]);
    axes.forEach((axis, i) => {
      amounts[axis] = [pads[i]!, pads[i + axes.length]!];
    });
    let tensor = physical(x, device);
    if (mode === "constant") tensor = device.pad(tensor, x.order?.map((axis) => amounts[axis]!) ?? amounts, value);
    else {
      amounts.forEach(([before, after], axis) => {
        if (before === 0 && after === 0) return;
        const picks = Int32Array.from(padIndices(mode, x.dims[axis]!, before, after));
        const indices = device.upload(picks, [picks.length], "int32");
        tensor = device.run("GatherV2", { x: tensor, indices }, { axis: physicalAxis(axis, x), batchDims: 0 });
      });
    }
    return made(tensor === physical(x, device) ? device.alias(tensor) : tensor, x.dtype, x.order);
  };
};

/** `Gather` along an axis; negative indices count from the end. */
export const gather: Kernel = (node, device) => {
  const attribute = node.int("axis", 0);
  return (inputs) => {
    const [x, picks] = inputs as readonly [Value, Value];
    const axis = attribute < 0 ? attribute + x.dims.length : attribute;
    const dim = x.dims[axis]!;
    if (x.host !== undefined && x.dims.length === 1 && picks.host !== undefined) {
      return hostValue(
        picks.host.map((i) => x.host![i < 0 ? i + dim : i]!),
        picks.dims,
        x.dtype,
      );
    }
    let indices: DeviceTensor;
    if (picks.host !== undefined) {
      const positive = Int32Array.from(picks.host, (i) => (i < 0 ? i + dim : i));
      const outside = positive.find((i) => i < 0 || i >= dim);
      if (outside !== undefined) throw node.fail(`index ${outside} is out of range for an axis of ${dim}`);
      indices = device.upload(positive, picks.dims, "int32");
    } else {
      const given = logical(picks, device);
      const negative = device.run("Less", { a: given, b: device.scalar(0, "int32") });
      indices = device.select(negative, device.run("Add", { a: given, b: device.scalar(dim, "int32") }), given);
    }
    const source = form(x, undefined, device);
    const flat = device.reshape(indices, [sizeOf(picks.dims)]);
    // Booleans have no gather on some backends.
    const plain = deviceType(x.dtype) === "bool" ? device.run("Cast", { x: source }, { dtype: "int32" }) : source;
    const rows = device.run("GatherV2", { x: plain, indices: flat }, { axis, batchDims: 0 });
    const back = plain === source ? rows : device.run("Cast", { x: rows }, { dtype: "bool" });
    return made(device.reshape(back, [...x.dims.slice(0, axis), ...picks.dims, ...x.dims.slice(axis + 1)]), x.dtype);
  };
};
