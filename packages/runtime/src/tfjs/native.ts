import {
  depthwiseFilterGradient,
  depthwiseInputGradient,
  filterGradient,
  inputGradient,
} from "./composed-gradients.ts";
import type { Device, DeviceTensor, Kernels } from "./device.ts";
import { type ConvGeometry, isPointwise } from "./geometry.ts";

/** The backend's own door to TensorFlow's operators, as `tfjs-node` has it. */
interface NodeBackend {
  readonly binding: Readonly<
    Record<
      "TF_ATTR_TYPE" | "TF_ATTR_STRING" | "TF_ATTR_INT" | "TF_ATTR_BOOL" | "TF_FLOAT" | "TF_INT32" | "TF_BOOL",
      number
    >
  >;
  executeSingleOutput(op: string, attributes: readonly object[], inputs: readonly DeviceTensor[]): DeviceTensor;
}

/** `tfjs-node`: TensorFlow's own operators, gradients included. */
export function nativeDevice(base: Kernels): Device {
  const backend = base.core.backend() as unknown as NodeBackend;
  const { binding } = backend;
  const types = { float32: binding.TF_FLOAT, int32: binding.TF_INT32, bool: binding.TF_BOOL };
  const type = (x: DeviceTensor) => ({
    name: "T",
    type: binding.TF_ATTR_TYPE,
    value: types[x.dtype as keyof typeof types],
  });
  const text = (name: string, value: string) => ({ name, type: binding.TF_ATTR_STRING, value });
  const ints = (name: string, value: readonly number[]) => ({ name, type: binding.TF_ATTR_INT, value });
  const flag = (name: string, value: boolean) => ({ name, type: binding.TF_ATTR_BOOL, value });
  const FLOAT = { name: "T", type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
  const LAST = [FLOAT, text("data_format", "NHWC")];
  const execute = (op: string, attributes: readonly object[], inputs: readonly DeviceTensor[]) =>
    backend.executeSingleOutput(op, attributes, inputs);

  const windows = new WeakMap<ConvGeometry, readonly object[]>();
  const window = (g: ConvGeometry) => {
    let attributes = windows.get(g);
    if (attributes === undefined) {
      const [top, left, bottom, right] = g.pads;
      const padded = g.pads.some((n) => n !== 0);
      attributes = [
        ...LAST,
        ints("strides", [1, ...g.strides, 1]),
        ints("dilations", [1, ...g.dilations, 1]),
        text("padding", padded ? "EXPLICIT" : "VALID"),
        ...(padded ? [ints("explicit_paddings", [0, 0, top, bottom, left, right, 0, 0])] : []),
      ];
      windows.set(g, attributes);
    }
    return attributes;
  };
  const shapeOf = (shape: readonly number[]) => base.upload(Int32Array.from(shape), [shape.length], "int32");
  const rows = (x: DeviceTensor) => base.reshape(x, [-1, x.shape.at(-1)!]);
  const product = (a: DeviceTensor, b: DeviceTensor, transposeA: boolean, transposeB: boolean) =>
    execute("MatMul", [FLOAT, flag("transpose_a", transposeA), flag("transpose_b", transposeB)], [a, b]);
  const biasAdd = (x: DeviceTensor, bias: DeviceTensor | undefined) =>
    bias === undefined ? x : execute("BiasAdd", LAST, [x, bias]);
  const matrix = (filter: DeviceTensor) => base.reshape(filter, filter.shape.slice(2));

  // TensorFlow's gradients know no dilation and, depthwise, no unequal strides.
  const known = (g: ConvGeometry) => g.dilations.every((n) => n === 1) && g.strides[0] === g.strides[1];
  const byInput = (op: string, dy: DeviceTensor, filter: DeviceTensor, g: ConvGeometry) =>
    execute(op, window(g), [shapeOf([dy.shape[0]!, ...g.input, filter.shape[2]!]), filter, dy]);
  const byFilter = (op: string, x: DeviceTensor, dy: DeviceTensor, depth: number, g: ConvGeometry) =>
    execute(op, window(g), [x, shapeOf([...g.kernel, x.shape[3]!, depth]), dy]);

  const device: Device = {
    ...base,
    transposedProducts: true,
    matMul(a, b, transposeA, transposeB) {
      if (a.rank === 2 && b.rank === 2) return product(a, b, transposeA, transposeB);
      return execute("BatchMatMulV2", [FLOAT, flag("adj_x", transposeA), flag("adj_y", transposeB)], [a, b]);
    },
    biasAdd,
    reduce(kernel, x, axes, keepDims) {
      const leading = axes.length === x.rank - 1 && axes.every((axis) => axis < x.rank - 1);
      if (kernel === "Sum" && leading && x.dtype === "float32" && x.rank > 1) {
        const sum = execute("BiasAddGrad", LAST, [x]);
        return keepDims ? base.reshape(sum, [...axes.map(() => 1), x.shape.at(-1)!]) : sum;
      }
      return base.run(kernel, { x }, { axis: axes, keepDims });
    },
    select: (condition, yes, no) => execute("SelectV2", [type(yes)], [condition, yes, no]),
    clipGrad(dy, y, min, max) {
      if (min === 0 && max === 6) return execute("Relu6Grad", [FLOAT], [dy, y]);
      if (min === 0 && max === Number.POSITIVE_INFINITY) return execute("ReluGrad", [FLOAT], [dy, y]);
      const above = base.run("Greater", { a: y, b: base.scalar(min) });
      const below = base.run("Less", { a: y, b: base.scalar(max) });
      return execute("SelectV2", [FLOAT], [base.run("LogicalAnd", { a: above, b: below }), dy, base.scalar(0)]);
    },
    divide: (a, b) => execute(a.dtype === "int32" ? "TruncateDiv" : "RealDiv", [type(a)], [a, b]),
    logSoftmax: (x) => execute("LogSoftmax", [FLOAT], [x]),
    conv(x, filter, bias, g) {
      if (isPointwise(g)) {
        const y = biasAdd(product(rows(x), matrix(filter), false, false), bias);
        return base.reshape(y, [x.shape[0]!, ...g.output, filter.shape[3]!]);
      }
      return biasAdd(execute("Conv2D", window(g), [x, filter]), bias);
    },
    depthwise: (x, filter, bias, g) => biasAdd(execute("DepthwiseConv2dNative", window(g), [x, filter]), bias),
    convGradInput(dy, filter, g) {
      if (!known(g)) return inputGradient(dy, filter, g, device);
      if (!isPointwise(g)) return byInput("Conv2DBackpropInput", dy, filter, g);
      return base.reshape(product(rows(dy), matrix(filter), false, true), [dy.shape[0]!, ...g.input, filter.shape[2]!]);
    },
    convGradFilter(x, dy, g) {
      if (!known(g)) return filterGradient(x, dy, g, device);
      if (!isPointwise(g)) return byFilter("Conv2DBackpropFilter", x, dy, dy.shape[3]!, g);
      return base.reshape(product(rows(x), rows(dy), true, false), [1, 1, x.shape[3]!, dy.shape[3]!]);
    },
    depthwiseGradInput(dy, filter, g) {
      if (!known(g)) return depthwiseInputGradient(dy, filter, g, device);
      return byInput("DepthwiseConv2dNativeBackpropInput", dy, filter, g);
    },
    depthwiseGradFilter(x, dy, g) {
      if (!known(g)) return depthwiseFilterGradient(x, dy, g, device);
      return byFilter("DepthwiseConv2dNativeBackpropFilter", x, dy, dy.shape[3]! / x.shape[3]!, g);
    },
  };
  return device;
}
