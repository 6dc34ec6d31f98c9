import { type GraftError, sizeOf, type Tensor, type Value } from "@graft-ml/core";
import type { DefNode } from "./graph-def.ts";
import { type Held, type LayerContext, like, permuted, physicalAxis } from "./layer.ts";
import type { Json } from "./settings.ts";

/** What a node of a GraphModel gives: a value of the graph, a constant, or a shape whose open dimensions are null. */
export type Known =
  | ({ readonly kind: "held" } & Held)
  | { readonly kind: "constant"; readonly tensor: Tensor }
  | { readonly kind: "shape"; readonly dims: readonly (number | null)[] };

/** What the translation of a node may see and do. */
export interface NodeContext {
  readonly node: DefNode;
  readonly inputs: readonly Known[];
  /** Translates as a Keras layer would be, its weights given by role. */
  layer(className: string, config: Json, inputs: readonly Held[], weights?: Readonly<Record<string, Tensor>>): Held;
  context(inputs: readonly Held[]): LayerContext;
  fail(message: string): GraftError;
}

type Translate = (c: NodeContext) => Known;

/** Every operator of TensorFlow that becomes nodes. */
export const nodes: Readonly<Record<string, Translate>> = {
  _FusedConv2D: (c) => convolution(c, "Conv2D"),
  _FusedMatMul: matMul,
  Add: (c) => arithmetic(c, "Add"),
  AddN: addN,
  AddV2: (c) => arithmetic(c, "Add"),
  AvgPool: (c) => pool(c, "AveragePooling2D"),
  BiasAdd: (c) => arithmetic(c, "Add"),
  ConcatV2: concat,
  Conv2D: (c) => convolution(c, "Conv2D"),
  DepthwiseConv2dNative: (c) => convolution(c, "DepthwiseConv2D"),
  Elu: (c) => activation(c, "elu"),
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
  FusedDepthwiseConv2dNative: (c) => convolution(c, "DepthwiseConv2D"),
  Identity: (c) => c.inputs[0]!,
  LeakyRelu: (c) =>
    held(c.layer("LeakyReLU", { negative_slope: c.node.attributes.float("alpha", 0.2) }, [input(c, 0)])),
  MatMul: matMul,
  MaxPool: (c) => pool(c, "MaxPooling2D"),
  Maximum: (c) => arithmetic(c, "Max"),
  Mean: (c) => reduce(c, "GlobalAveragePooling2D"),
  Max: (c) => reduce(c, "GlobalMaxPooling2D"),
  Minimum: (c) => arithmetic(c, "Min"),
  Mul: (c) => arithmetic(c, "Mul"),
  Pack: pack,
  Pad: pad,
  PadV2: pad,
  RealDiv: (c) => arithmetic(c, "Div"),
  Relu: (c) => activation(c, "relu"),
  Relu6: (c) => activation(c, "relu6"),
  Reshape: reshape,
  Selu: (c) => activation(c, "selu"),
  Shape: (c) => shapeOf(c),
  Sigmoid: (c) => activation(c, "sigmoid"),
  Softmax: (c) => activation(c, "softmax"),
  Softplus: (c) => activation(c, "softplus"),
  Squeeze: squeeze,
  StridedSlice: stridedSlice,
  Sub: (c) => arithmetic(c, "Sub"),
  Tanh: (c) => activation(c, "tanh"),
};

const FUSED: Readonly<Record<string, string>> = {
  Relu: "relu",
  Relu6: "relu6",
  Elu: "elu",
  Sigmoid: "sigmoid",
  Tanh: "tanh",
};

function held(value: Held): Known {
  return { kind: "held", ...value };
}

function input(c: NodeContext, index: number): Held {
  const found = c.inputs[index];
  if (found?.kind !== "held") throw c.fail(`expected input ${index} to depend on the model's input`);
  return found;
}

function constant(c: NodeContext, index: number): Tensor {
  const found = c.inputs[index];
  if (found?.kind !== "constant") throw c.fail(`expected input ${index} to be a constant`);
  return found.tensor;
}

function numbers(c: NodeContext, index: number): readonly number[] {
  return Array.from(constant(c, index).data as Float32Array);
}

function activation(c: NodeContext, name: string): Known {
  return held(c.layer("Activation", { activation: name }, [input(c, 0)]));
}

/** Bias and activation of a fused operator, in the order of its inputs from `from` on. */
function fused(c: NodeContext, from: number): { readonly bias: Tensor | undefined; readonly activation: unknown } {
  const steps = c.node.attributes.texts("fused_ops");
  const [first, second] = steps[0] === "BiasAdd" ? ["BiasAdd", steps[1]] : [undefined, steps[0]];
  if (steps.length > 2 || (second !== undefined && second !== "LeakyRelu" && !Object.hasOwn(FUSED, second))) {
    throw c.fail(`the fused ${steps.join(", ")} are not supported`);
  }
  const bias = first === undefined ? undefined : constant(c, from);
  if (bias !== undefined && sizeOf(bias.dims) !== bias.dims.at(-1)) {
    throw c.fail(`expected one bias a channel; received [${bias.dims.join(", ")}]`);
  }
  const slope = { negative_slope: c.node.attributes.float("leakyrelu_alpha", 0.2) };
  return {
    bias: bias && { ...bias, dims: bias.dims.slice(-1) },
    activation: second === "LeakyRelu" ? { class_name: "LeakyReLU", config: slope } : FUSED[second ?? ""],
  };
}

/** Strides, dilation and padding of a window over pictures, as a layer's settings. */
function window(c: NodeContext): Json {
  const { attributes } = c.node;
  if (attributes.text("data_format", "NHWC") !== "NHWC") throw c.fail("data_format NCHW is not supported");
  const padding = attributes.text("padding", "VALID").toLowerCase();
  if (padding !== "same" && padding !== "valid") throw c.fail(`padding ${padding} is not supported`);
  return {
    padding,
    strides: attributes.wholes("strides", [1, 1, 1, 1]).slice(1, 3),
    dilation_rate: attributes.wholes("dilations", [1, 1, 1, 1]).slice(1, 3),
  };
}

function convolution(c: NodeContext, className: string): Known {
  const kernel = constant(c, 1);
  const { bias, activation: name } = fused(c, 2);
  const x = input(c, 0);
  const channels = x.value.dims[physicalAxis(c.context([]), x, -1)];
  const groups = className === "Conv2D" && typeof channels === "number" ? channels / (kernel.dims[2] ?? 1) : 1;
  const config = {
    ...window(c),
    kernel_size: kernel.dims.slice(0, 2),
    filters: kernel.dims[3],
    depth_multiplier: kernel.dims[3],
    groups,
    use_bias: bias !== undefined,
    activation: name,
  };
  return held(c.layer(className, config, [x], bias === undefined ? { kernel } : { kernel, bias }));
}

function matMul(c: NodeContext): Known {
  const { attributes } = c.node;
  const given = constant(c, 1);
  const kernel = attributes.flag("transpose_b") ? permuted(given, [1, 0]) : given;
  if (attributes.flag("transpose_a")) throw c.fail("transpose_a is not supported");
  const { bias, activation: name } = fused(c, 2);
  const config = { units: kernel.dims[1], use_bias: bias !== undefined, activation: name };
  return held(c.layer("Dense", config, [input(c, 0)], bias === undefined ? { kernel } : { kernel, bias }));
}

function batchNorm(c: NodeContext): Known {
  if (c.node.attributes.flag("is_training"))
    throw c.fail("is_training is not supported; export the model for inference");
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((index) => constant(c, index));
  const weights = { gamma: gamma!, beta: beta!, moving_mean: mean!, moving_variance: variance! };
  return held(
    c.layer("BatchNormalization", { epsilon: c.node.attributes.float("epsilon", 1e-4) }, [input(c, 0)], weights),
  );
}

function pool(c: NodeContext, className: string): Known {
  const size = c.node.attributes.wholes("ksize", [1, 1, 1, 1]).slice(1, 3);
  return held(c.layer(className, { ...window(c), pool_size: size }, [input(c, 0)]));
}

function pad(c: NodeContext): Known {
  const pads = numbers(c, 1);
  const value = c.inputs[2] === undefined ? 0 : numbers(c, 2)[0];
  if (pads.length !== 8 || [0, 1, 6, 7].some((i) => pads[i] !== 0) || value !== 0) {
    throw c.fail("only zeros around height and width of pictures are supported");
  }
  const padding = [pads.slice(2, 4), pads.slice(4, 6)];
  return held(c.layer("ZeroPadding2D", { padding }, [input(c, 0)]));
}

function reduce(c: NodeContext, className: string): Known {
  const x = input(c, 0);
  const rank = x.value.dims.length;
  const axes = numbers(c, 1).map((axis) => (axis < 0 ? axis + rank : axis));
  if (rank !== 4 || [...axes].sort().join() !== "1,2") throw c.fail("only height and width of pictures can be reduced");
  return held(c.layer(className, { keepdims: c.node.attributes.flag("keep_dims") }, [x]));
}

function arithmetic(c: NodeContext, op: string): Known {
  const [left, right] = [c.inputs[0]!, c.inputs[1]!];
  return binary(c, op, left, right);
}

function addN(c: NodeContext): Known {
  const [first, ...others] = c.inputs;
  return others.reduce((sum, term) => binary(c, "Add", sum, term), first!);
}

function binary(c: NodeContext, op: string, left: Known, right: Known): Known {
  if (left.kind === "held" && right.kind === "held") {
    const className = { Add: "Add", Mul: "Multiply", Sub: "Subtract", Max: "Maximum", Min: "Minimum" }[op];
    if (className === undefined) throw c.fail("both inputs depend on the model's input, which is not supported");
    return held(c.layer(className, {}, [left, right]));
  }
  const [x, other] = left.kind === "held" ? [left, right] : [right, left];
  if (x.kind !== "held" || other.kind !== "constant") throw c.fail("expected a value and a constant");
  const inner = c.context([x]);
  const value = aligned(inner, x, other.tensor, c);
  return held(like(x, inner.op(op, left.kind === "held" ? [x.value, value] : [value, x.value])));
}

/** A constant as an initializer whose axes lie as those of the value that it meets. */
function aligned(inner: LayerContext, x: Held, tensor: Tensor, c: NodeContext): Value {
  if (sizeOf(tensor.dims) === 1) return inner.g.scalar((tensor.data as Float32Array)[0]!);
  const rank = x.value.dims.length;
  if (tensor.dims.length > rank || x.flattened !== undefined) throw c.fail("its constant has too many axes");
  const dims = [...new Array<number>(rank - tensor.dims.length).fill(1), ...tensor.dims];
  const role = c.node.op === "BiasAdd" ? "bias" : "constant";
  return inner.parameter(role, () => {
    const whole: Tensor = { ...tensor, dims };
    return x.moved ? permuted(whole, [0, 3, 1, 2]) : whole;
  });
}

function concat(c: NodeContext): Known {
  const last = c.inputs.length - 1;
  const values = c.inputs.slice(0, last);
  if (values.every((value) => value.kind !== "held")) {
    return { kind: "shape", dims: values.flatMap((_, i) => [...shapeAt(c, i)]) };
  }
  return held(
    c.layer(
      "Concatenate",
      { axis: numbers(c, last)[0] },
      values.map((_, i) => input(c, i)),
    ),
  );
}

function reshape(c: NodeContext): Known {
  const x = input(c, 0);
  const [batch, ...target] = shapeAt(c, 1);
  if (batch !== null && batch !== -1) throw c.fail(`the batch cannot be reshaped to ${batch}`);
  if (target.includes(null)) throw c.fail("only the batch may be open");
  return held(c.layer(target.length === 1 ? "Flatten" : "Reshape", { target_shape: target }, [x]));
}

function squeeze(c: NodeContext): Known {
  const x = input(c, 0);
  const rank = x.value.dims.length;
  const axes = c.node.attributes.wholes("squeeze_dims", []).map((axis) => (axis < 0 ? axis + rank : axis));
  const inner = c.context([x]);
  const dims = x.value.dims.map((_, axis) => x.value.dims[physicalAxis(inner, x, axis)]!);
  if (axes.length === 0 || axes.some((axis) => axis === 0 || dims[axis] !== 1)) {
    throw c.fail(`cannot squeeze axes [${axes.join(", ")}] of [${dims.join(", ")}]`);
  }
  const rest = dims.filter((_, axis) => axis > 0 && !axes.includes(axis));
  return held(c.layer("Reshape", { target_shape: rest }, [x]));
}

function shapeOf(c: NodeContext): Known {
  const x = input(c, 0);
  const inner = c.context([x]);
  const dims = x.value.dims.map((_, axis) => x.value.dims[physicalAxis(inner, x, axis)]!);
  return { kind: "shape", dims: dims.map((dim) => (typeof dim === "number" ? dim : null)) };
}

function shapeAt(c: NodeContext, index: number): readonly (number | null)[] {
  const found = c.inputs[index];
  if (found?.kind === "shape") return found.dims;
  return numbers(c, index);
}

function pack(c: NodeContext): Known {
  return { kind: "shape", dims: c.inputs.flatMap((_, i) => [...shapeAt(c, i)]) };
}

function stridedSlice(c: NodeContext): Known {
  if (c.inputs[0]?.kind !== "shape") throw c.fail("only shapes can be sliced");
  const masks = ["begin_mask", "end_mask"].map((key) => c.node.attributes.whole(key, 0));
  const dims = shapeAt(c, 0);
  const from = masks[0] === 0 ? numbers(c, 1)[0] : 0;
  const to = masks[1] === 0 ? numbers(c, 2)[0] : dims.length;
  if (numbers(c, 3)[0] !== 1) throw c.fail("only steps of 1 are supported");
  const one = c.node.attributes.whole("shrink_axis_mask", 0) === 1;
  const sliced = one ? [...dims].splice(from!, 1) : dims.slice(from, to);
  return { kind: "shape", dims: sliced };
}
