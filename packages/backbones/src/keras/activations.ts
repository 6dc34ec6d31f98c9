import type { Value } from "@graft-ml/core";
import { type Held, type LayerContext, like, physicalAxis, plain } from "./layer.ts";
import { isJson, settings } from "./settings.ts";

type Apply = (c: LayerContext, held: Held) => Value;

const one =
  (op: string, attributes: Readonly<Record<string, number | { readonly float: number }>> = {}): Apply =>
  (c, { value }) =>
    c.op(op, [value], attributes);

const softmax =
  (op: string): Apply =>
  (c, held) =>
    c.op(op, [held.value], { axis: physicalAxis(c, held, -1) });

const silu: Apply = (c, { value }) => c.op("Mul", [value, c.op("Sigmoid", [value])]);

const hardSigmoid: Apply = (c, { value }) =>
  c.op("HardSigmoid", [value], { alpha: { float: c.legacy ? 0.2 : 1 / 6 }, beta: { float: 0.5 } });

const hardSwish: Apply = (c, { value }) => c.op("HardSwish", [value]);

/** Every activation that Keras knows by a name and that is a function of one element, or a softmax. */
const ACTIVATIONS: Readonly<Record<string, Apply>> = {
  linear: (_, { value }) => value,
  relu: one("Relu"),
  relu6: (c, { value }) => clip(c, value, 0, 6),
  leaky_relu: one("LeakyRelu", { alpha: { float: 0.2 } }),
  elu: one("Elu"),
  selu: one("Selu"),
  celu: one("Celu"),
  sigmoid: one("Sigmoid"),
  tanh: one("Tanh"),
  softplus: one("Softplus"),
  softsign: one("Softsign"),
  exponential: one("Exp"),
  softmax: softmax("Softmax"),
  log_softmax: softmax("LogSoftmax"),
  silu,
  swish: silu,
  hard_sigmoid: hardSigmoid,
  hard_silu: hardSwish,
  hard_swish: hardSwish,
  hard_tanh: (c, { value }) => clip(c, value, -1, 1),
  log_sigmoid: (c, { value }) => c.op("Neg", [c.op("Softplus", [c.op("Neg", [value])])]),
  mish: (c, { value }) => c.op("Mul", [value, c.op("Tanh", [c.op("Softplus", [value])])]),
  gelu(c, { value }) {
    const halves = c.op("Erf", [c.op("Mul", [value, c.g.scalar(Math.SQRT1_2)])]);
    const share = c.op("Add", [halves, c.g.scalar(1)]);
    return c.op("Mul", [c.op("Mul", [value, c.g.scalar(0.5)]), share]);
  },
};

/** Layers that may stand where a layer's `activation` is asked for. */
const LAYERS: Readonly<Record<string, (c: LayerContext) => Held>> = {
  ReLU: relu,
  LeakyReLU: leakyRelu,
  ELU: elu,
  Softmax: softmaxLayer,
  ThresholdedReLU: thresholdedRelu,
};

/** The layer's own `activation` applied to a value: a name, a function's configuration or a layer's. */
export function activate(c: LayerContext, held: Held, key = "activation"): Held {
  const raw = c.settings.raw(key);
  if (raw === undefined || raw === "linear") return held;
  const layer = isJson(raw) && typeof raw.class_name === "string" ? raw.class_name : undefined;
  if (layer !== undefined && layer in LAYERS && isJson(raw) && isJson(raw.config)) {
    const own = { ...c, settings: settings(`${layer} as ${key}`, raw.config), inputs: [held] };
    return LAYERS[layer]!(own);
  }
  const name = isJson(raw) ? raw.config : raw;
  if (typeof name !== "string" || !Object.hasOwn(ACTIVATIONS, name)) {
    const given = layer === undefined || typeof name === "string" ? name : layer;
    throw c.fail(
      `its activation ${JSON.stringify(given)} is not supported; known: ${Object.keys(ACTIVATIONS).sort().join(", ")}`,
    );
  }
  const usable = held.flattened !== undefined && name.includes("softmax") ? plain(c, held) : held;
  return like(usable, ACTIVATIONS[name]!(c, usable));
}

/** `ReLU`: above a threshold the value itself up to a maximum, below it a slope. */
export function relu(c: LayerContext): Held {
  const held = c.inputs[0]!;
  const threshold = c.settings.number("threshold", 0);
  const slope = c.settings.number("negative_slope", 0);
  if (threshold !== 0 && slope !== 0) throw c.fail("a threshold beside a slope is not supported; leave one of them 0");
  const top = c.settings.raw("max_value") === undefined ? undefined : c.settings.number("max_value");
  if (threshold === 0 && slope === 0) {
    return like(held, top === undefined ? c.op("Relu", [held.value]) : clip(c, held.value, 0, top));
  }
  const open =
    slope === 0
      ? c.op("ThresholdedRelu", [held.value], { alpha: { float: threshold } })
      : c.op("LeakyRelu", [held.value], { alpha: { float: slope } });
  return like(held, top === undefined ? open : c.op("Min", [open, c.g.scalar(top)]));
}

/** `LeakyReLU`: Keras 2 calls the slope `alpha`. */
export function leakyRelu(c: LayerContext): Held {
  const key = c.settings.raw("negative_slope") === undefined ? "alpha" : "negative_slope";
  const held = c.inputs[0]!;
  return like(held, c.op("LeakyRelu", [held.value], { alpha: { float: c.settings.number(key, 0.3) } }));
}

/** `ELU`. */
export function elu(c: LayerContext): Held {
  const held = c.inputs[0]!;
  return like(held, c.op("Elu", [held.value], { alpha: { float: c.settings.number("alpha", 1) } }));
}

/** `ThresholdedReLU` of Keras 2. */
export function thresholdedRelu(c: LayerContext): Held {
  const held = c.inputs[0]!;
  return like(held, c.op("ThresholdedRelu", [held.value], { alpha: { float: c.settings.number("theta", 1) } }));
}

/** `Softmax` along one axis. */
export function softmaxLayer(c: LayerContext): Held {
  const held = c.inputs[0]!.flattened === undefined ? c.inputs[0]! : plain(c, c.inputs[0]!);
  const raw = c.settings.raw("axis");
  const axis = Array.isArray(raw) && raw.length === 1 ? raw[0] : (raw ?? -1);
  if (typeof axis !== "number") throw c.settings.wrong("axis", "one axis");
  return like(held, c.op("Softmax", [held.value], { axis: physicalAxis(c, held, axis) }));
}

function clip(c: LayerContext, value: Value, low: number, high: number): Value {
  return c.op("Clip", [value, c.g.scalar(low), c.g.scalar(high)]);
}
