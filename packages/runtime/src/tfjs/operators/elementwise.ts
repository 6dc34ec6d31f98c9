import type { DType } from "@graft-ml/core";
import type { Device, DeviceTensor } from "../device.ts";
import type { Kernel, NodeReader, Run } from "../kernel.ts";
import { logical, made, type Order, operand, physical, physicalAxis, type Value } from "../value.ts";

/** One input, one output of the same shape, any order of axes. */
export function unary(kernel: string, attributes?: object): Kernel {
  return (_, device) => (inputs) => {
    const x = inputs[0]!;
    return made(device.run(kernel, { x: physical(x, device) }, attributes), x.dtype, x.order);
  };
}

/** Two inputs with broadcasting. */
export function binary(kernel: string, dtype?: DType): Kernel {
  return (_, device) => (inputs) => {
    const values = inputs as readonly [Value, Value];
    const { tensors, order } = together(values, device);
    return made(device.run(kernel, { a: tensors[0]!, b: tensors[1]! }), dtype ?? values[0].dtype, order);
  };
}

/** `Div`. */
export const div: Kernel = (_, device) => (inputs) => {
  const values = inputs as readonly [Value, Value];
  const { tensors, order } = together(values, device);
  return made(device.divide(tensors[0]!, tensors[1]!), values[0].dtype, order);
};

/** Any number of inputs with broadcasting, folded from the left. */
export function variadic(kernel: string): Kernel {
  return (_, device) => (inputs) => {
    const values = inputs as readonly Value[];
    const { tensors, order } = together(values, device);
    const [first, ...rest] = tensors as [DeviceTensor, ...DeviceTensor[]];
    const result = rest.reduce((a, b) => device.run(kernel, { a, b }), first);
    return made(rest.length === 0 ? device.alias(first) : result, values[0]!.dtype, order);
  };
}

/** `Pow`: the exponent may be of another type than the base. */
export const pow: Kernel = (_, device) => (inputs) => {
  const values = inputs as readonly [Value, Value];
  const { tensors, order } = together(values, device);
  const [a, b] = tensors as [DeviceTensor, DeviceTensor];
  const exponent = a.dtype === b.dtype ? b : device.run("Cast", { x: b }, { dtype: a.dtype });
  return made(device.run("Pow", { a, b: exponent }), values[0].dtype, order);
};

/** `Where(condition, yes, no)`. */
export const where: Kernel = (_, device) => (inputs) => {
  const values = inputs as readonly [Value, Value, Value];
  const { tensors, order } = together(values, device);
  const [condition, yes, no] = tensors as [DeviceTensor, DeviceTensor, DeviceTensor];
  return made(device.select(condition, yes, no), values[1].dtype, order);
};

/** `Mean` of any number of inputs. */
export const mean: Kernel = (node, device) => {
  const sum = variadic("Add")(node, device);
  return (inputs) => {
    const total = sum(inputs) as Value;
    const share = device.scalar(1 / inputs.length);
    return made(device.run("Multiply", { a: physical(total, device), b: share }), total.dtype, total.order);
  };
};

/** `Mod`: the sign is the divisor's, or with `fmod` the dividend's. */
export const mod: Kernel = (node, device) => {
  const truncated = node.int("fmod", 0) === 1;
  return (inputs) => {
    const values = inputs as readonly [Value, Value];
    const { tensors, order } = together(values, device);
    const [a, b] = tensors as [DeviceTensor, DeviceTensor];
    if (!truncated) return made(device.run("Mod", { a, b }), values[0].dtype, order);
    const ratio = device.divide(a, b);
    // Integers are cut off by the division itself.
    const whole =
      a.dtype === "int32"
        ? ratio
        : device.run("Multiply", {
            a: device.run("Sign", { x: ratio }),
            b: device.run("Floor", { x: device.run("Abs", { x: ratio }) }),
          });
    const rest = device.run("Sub", { a, b: device.run("Multiply", { a: whole, b }) });
    return made(rest, values[0].dtype, order);
  };
};

/** `IsNaN` and `IsInf`; infinities of one side on request. */
export function asks(kernel: "IsNan" | "IsInf"): Kernel {
  return (node, device) => {
    const [above, below] = [node.int("detect_positive", 1) === 1, node.int("detect_negative", 1) === 1];
    return (inputs) => {
      const value = inputs[0]!;
      const x = physical(value, device);
      const all = device.run(kernel, { x });
      if (kernel === "IsNan" || (above && below)) return made(all, "bool", value.order);
      const zero = device.scalar(0);
      const side = above ? device.run("Greater", { a: x, b: zero }) : device.run("Less", { a: x, b: zero });
      const none = device.run("LogicalNot", { x: device.run("Equal", { a: x, b: x }) });
      const wanted = above || below ? side : none;
      return made(device.run("LogicalAnd", { a: all, b: wanted }), "bool", value.order);
    };
  };
}

/** `Xor`: either, but not both. */
export const xor: Kernel = (_, device) => (inputs) => {
  const { tensors, order } = together(inputs as readonly [Value, Value], device);
  const [a, b] = tensors as [DeviceTensor, DeviceTensor];
  const both = device.run("LogicalAnd", { a, b });
  const result = device.run("LogicalAnd", {
    a: device.run("LogicalOr", { a, b }),
    b: device.run("LogicalNot", { x: both }),
  });
  return made(result, "bool", order);
};

/** `Not`. */
export const not: Kernel = (_, device) => (inputs) => {
  const x = inputs[0]!;
  return made(device.run("LogicalNot", { x: physical(x, device) }), "bool", x.order);
};

/** `Clip`, with bounds as inputs (opset 11) or attributes (opset 6). */
export const clip: Kernel = (node, device) => {
  const attributes = [
    node.float("min", Number.NEGATIVE_INFINITY),
    node.float("max", Number.POSITIVE_INFINITY),
  ] as const;
  // Bounds are nearly always constants: read from the device once.
  const known = new WeakMap<Value, number>();
  return (inputs) => {
    const x = inputs[0]!;
    const bound = (i: 1 | 2) => {
      const value = inputs[i];
      if (value === undefined) return attributes[i - 1]!;
      const number = known.get(value) ?? value.host?.[0] ?? device.readSync(physical(value, device))[0]!;
      known.set(value, number);
      return number;
    };
    const [min, max] = [bound(1), bound(2)];
    const tensor = physical(x, device);
    return made(clipped(tensor, min, max, device), x.dtype, x.order);
  };
};

function clipped(x: DeviceTensor, min: number, max: number, device: Device): DeviceTensor {
  if (x.dtype === "float32" && min === 0 && max === 6) return device.run("Relu6", { x });
  if (x.dtype === "float32" && min === 0 && max === Number.POSITIVE_INFINITY) return device.run("Relu", { x });
  const dtype = x.dtype as "float32" | "int32";
  const above = min === Number.NEGATIVE_INFINITY ? x : device.run("Maximum", { a: x, b: device.scalar(min, dtype) });
  const inside =
    max === Number.POSITIVE_INFINITY ? above : device.run("Minimum", { a: above, b: device.scalar(max, dtype) });
  return inside === x ? device.alias(x) : inside;
}

/** `Softmax` over one axis. */
export const softmax: Kernel = (node, device) =>
  overLastAxis(node, device, (logits) => device.run("Softmax", { logits }, { dim: logits.rank - 1 }));

/** `LogSoftmax` over one axis. */
export const logSoftmax: Kernel = (node, device) => overLastAxis(node, device, (x) => device.logSoftmax(x));

function overLastAxis(node: NodeReader, device: Device, kernel: (x: DeviceTensor) => DeviceTensor): Run {
  const axis = node.int("axis", node.opset < 13 ? 1 : -1);
  return (inputs) => {
    const x = inputs[0]!;
    const rank = x.dims.length;
    const last = axis < 0 ? axis + rank : axis;
    if (node.opset < 13 && last !== rank - 1) {
      const rows = x.dims.slice(0, last).reduce((a, b) => a * b, 1);
      const matrix = device.reshape(logical(x, device), [rows, -1]);
      return made(device.reshape(kernel(matrix), x.dims), x.dtype);
    }
    if (physicalAxis(last, x) === rank - 1) return made(kernel(physical(x, device)), x.dtype, x.order);
    const order: Order = [...x.dims.map((_, i) => i).filter((i) => i !== last), last];
    return made(kernel(operand(x, rank, order, device)), x.dtype, order);
  };
}

/** Operands in one order of axes: the one that the largest value already has. */
export function together(values: readonly Value[], device: Device): { tensors: DeviceTensor[]; order: Order } {
  const rank = values.reduce((most, value) => Math.max(most, value.dims.length), 0);
  let order: Order;
  let largest = -1;
  for (const value of values) {
    if (value.dims.length !== rank) continue;
    const size = value.dims.reduce((a, b) => a * b, 1);
    // Between equals the kernels' own order wins, so that a weight takes on the order of its gradient.
    if (size > largest || (size === largest && order === undefined)) [order, largest] = [value.order, size];
  }
  return { tensors: values.map((value) => operand(value, rank, order, device)), order };
}
