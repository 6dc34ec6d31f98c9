import {
  depthwiseFilterGradient,
  depthwiseInputGradient,
  filterGradient,
  inputGradient,
} from "./composed-gradients.ts";
import type { Device, DeviceTensor, Kernels } from "./device.ts";
import { type ConvGeometry, isPointwise } from "./geometry.ts";
import { heapSlice } from "./heap-slice.ts";

/** `tfjs-wasm`, which has no gradient kernels: everything is composed of forward kernels. */
export function composedDevice(common: Kernels): Device {
  const base: Kernels = {
    ...common,
    slice: heapSlice(common.core),
    // The kernel divides by sizes, and so by 0 where there is nothing to move.
    transpose: (x, order) =>
      x.size > 0
        ? common.transpose(x, order)
        : common.reshape(
            x,
            order.map((axis) => x.shape[axis]!),
          ),
  };
  const { run, reshape } = base;
  const rows = (x: DeviceTensor) => reshape(x, [-1, x.shape.at(-1)!]);
  const flip = (x: DeviceTensor) => {
    const axes = x.shape.map((_, i) => i);
    return base.transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
  };
  const matMul: Device["matMul"] = (a, b, transposeA, transposeB) => {
    const left = transposeA ? flip(a) : a;
    const right = transposeB ? flip(b) : b;
    const [batchA, batchB] = [left.shape.slice(0, -2), right.shape.slice(0, -2)];
    const batch = base.core.broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
    const widen = (x: DeviceTensor, own: readonly number[]) => {
      // The kernel repeats a single matrix by itself, but not along one of several axes.
      const single = own.every((dim) => dim === 1);
      const target = single ? batch.map(() => 1) : batch;
      const full = spread(x, [...target, ...x.shape.slice(-2)], base);
      return batch.length === 0 ? reshape(full, [1, ...full.shape]) : full;
    };
    const y = run(
      "BatchMatMul",
      { a: widen(left, batchA), b: widen(right, batchB) },
      { transposeA: false, transposeB: false },
    );
    return left.rank === 2 && right.rank === 2 ? reshape(y, y.shape.slice(1)) : y;
  };
  const biasAdd = (a: DeviceTensor, bias: DeviceTensor) => run("Add", { a, b: bias });
  const window = (g: ConvGeometry) => {
    const [top, left, bottom, right] = g.pads;
    const pad = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ];
    return {
      strides: g.strides,
      dilations: g.dilations,
      pad: g.pads.every((n) => n === 0) ? "valid" : pad,
      dataFormat: "NHWC",
      activation: "linear",
    };
  };
  const fused =
    (kernel: string) => (x: DeviceTensor, filter: DeviceTensor, bias: DeviceTensor | undefined, g: ConvGeometry) =>
      run(kernel, bias === undefined ? { x, filter } : { x, filter, bias }, window(g));
  const device: Device = {
    ...base,
    transposedProducts: false,
    matMul,
    biasAdd,
    reduce(kernel, x, axes, keepDims) {
      const first = Math.min(...axes);
      const together = axes.length > 0 && Math.max(...axes) - first === axes.length - 1;
      const last = first + axes.length;
      if (!together || last === x.rank || x.dtype !== "float32" || x.size === 0) {
        return run(kernel, { x }, { axis: axes, keepDims });
      }
      const sizes = x.shape.slice(first, last);
      const count = sizes.reduce((n, dim) => n * dim, 1);
      const [before, after] = [x.shape.slice(0, first), x.shape.slice(last)];
      const mean = meanOfRows(
        reshape(x, [-1, sizes[0]!, count / sizes[0]!, after.reduce((n, dim) => n * dim, 1)]),
        base,
      );
      const scaled = kernel === "Mean" ? mean : run("Multiply", { a: mean, b: base.scalar(count) });
      return reshape(scaled, [...before, ...(keepDims ? axes.map(() => 1) : []), ...after]);
    },
    select(condition, yes, no) {
      const shape = base.core.broadcast_util.assertAndGetBroadcastShape(
        base.core.broadcast_util.assertAndGetBroadcastShape(condition.shape, yes.shape),
        no.shape,
      );
      const [c, t, e] = [condition, yes, no].map((x) => spread(x, shape, base)) as [
        DeviceTensor,
        DeviceTensor,
        DeviceTensor,
      ];
      return run("Select", { condition: c, t, e });
    },
    clipGrad(dy, y, min, max) {
      // One product is positive strictly between the bounds, and only there.
      const above = min === 0 ? y : run("Sub", { a: y, b: base.scalar(min) });
      const below = max === Number.POSITIVE_INFINITY ? undefined : run("Sub", { a: base.scalar(max), b: y });
      const bounded =
        min === Number.NEGATIVE_INFINITY
          ? below
          : below === undefined
            ? above
            : run("Multiply", { a: above, b: below });
      if (bounded === undefined) return base.alias(dy);
      return run("Multiply", { a: dy, b: run("Step", { x: bounded }, { alpha: 0 }) });
    },
    divide: (a, b) => run("RealDiv", { a, b }),
    logSoftmax(x) {
      const axis = [x.rank - 1];
      const shifted = run("Sub", { a: x, b: run("Max", { x }, { reductionIndices: axis, keepDims: true }) });
      const total = run("Sum", { x: run("Exp", { x: shifted }) }, { axis, keepDims: true });
      return run("Sub", { a: shifted, b: run("Log", { x: total }) });
    },
    conv: fused("FusedConv2D"),
    depthwise: fused("FusedDepthwiseConv2D"),
    convGradInput(dy, filter, g) {
      if (!isPointwise(g)) return inputGradient(dy, filter, g, device);
      const dx = matMul(rows(dy), reshape(filter, filter.shape.slice(2)), false, true);
      return reshape(dx, [dy.shape[0]!, ...g.input, filter.shape[2]!]);
    },
    depthwiseGradInput: (dy, filter, g) => depthwiseInputGradient(dy, filter, g, device),
    convGradFilter: (x, dy, g) => filterGradient(x, dy, g, device),
    depthwiseGradFilter: (x, dy, g) => depthwiseFilterGradient(x, dy, g, device),
  };
  return device;
}

/**
 * Means over the two middle axes, one after the other, which keeps rounding small. Average pooling is the one kernel
 * that adds rows as they lie: `Sum` transposes first, a product with ones repacks the whole matrix.
 */
export function meanOfRows(x: DeviceTensor, device: Kernels): DeviceTensor {
  const pool = (y: DeviceTensor, rows: number) =>
    rows === 1 ? y : device.run("AvgPool", { x: y }, { filterSize: [rows, 1], strides: [1, 1], pad: "valid" });
  const [groups, outer, inner, columns] = x.shape as [number, number, number, number];
  const rows = pool(device.reshape(x, [groups * outer, inner, 1, columns]), inner);
  return pool(device.reshape(rows, [groups, outer, 1, columns]), outer);
}

/** Repeats axes of size 1 until the tensor fills the shape. */
export function spread(x: DeviceTensor, shape: readonly number[], device: Kernels): DeviceTensor {
  const own = [...new Array<number>(shape.length - x.rank).fill(1), ...x.shape];
  const reps = shape.map((dim, i) => (own[i] === dim ? 1 : dim));
  const wide = x.rank === shape.length ? x : device.reshape(x, own);
  if (reps.every((n) => n === 1)) return wide;
  if (x.dtype !== "float32" || device.name === "tfjs-node") return device.run("Tile", { x: wide }, { reps });
  // The WebAssembly kernel repeats element by element in JavaScript; adding to zeros is a hundred times faster.
  return device.run("Add", { a: device.run("Fill", {}, { shape, value: 0, dtype: "float32" }), b: wide });
}
