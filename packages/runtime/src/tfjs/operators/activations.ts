import type { DeviceTensor } from "../device.ts";
import type { Kernel, NodeReader } from "../kernel.ts";
import { made, physical, type Value } from "../value.ts";
import { type Arithmetic, arithmeticOn } from "./arithmetic.ts";
import { together } from "./elementwise.ts";

type Formula = (x: DeviceTensor, m: Arithmetic, read: (name: string, fallback: number) => number) => DeviceTensor;

function activation(formula: Formula): Kernel {
  return (node, device) => {
    const math = arithmeticOn(device);
    const read = (name: string, fallback: number): number => node.float(name, fallback);
    return (inputs) => {
      const x = inputs[0]!;
      return made(formula(physical(x, device), math, read), x.dtype, x.order);
    };
  };
}

/** exp(x) − 1 of the negative part, without cancellation. */
const falling = (x: DeviceTensor, m: Arithmetic): DeviceTensor => m.of("Expm1", m.min(x, 0));

/** log(1 + exp(x)) that neither overflows nor loses its small values. */
const softly = (x: DeviceTensor, m: Arithmetic): DeviceTensor =>
  m.add(m.max(x, 0), m.of("Log1p", m.of("Exp", m.of("Neg", m.of("Abs", x)))));

/** `LeakyRelu`. */
export const leakyRelu: Kernel = activation((x, m, read) =>
  m.add(m.max(x, 0), m.mul(m.min(x, 0), read("alpha", 0.01))),
);

/** `Elu`. */
export const elu: Kernel = activation((x, m, read) => m.add(m.max(x, 0), m.mul(falling(x, m), read("alpha", 1))));

/** `Selu`. */
export const selu: Kernel = activation((x, m, read) =>
  m.mul(m.add(m.max(x, 0), m.mul(falling(x, m), read("alpha", 1.6732632423543772))), read("gamma", 1.0507009873554805)),
);

/** `Celu`. */
export const celu: Kernel = activation((x, m, read) => {
  const alpha = read("alpha", 1);
  return m.add(m.max(x, 0), m.mul(falling(m.div(x, alpha), m), alpha));
});

/** `Softplus`. */
export const softplus: Kernel = activation(softly);

/** `Softsign`. */
export const softsign: Kernel = activation((x, m) => m.div(x, m.add(m.of("Abs", x), 1)));

/** `HardSigmoid`. */
export const hardSigmoid: Kernel = activation((x, m, read) =>
  m.max(m.min(m.add(m.mul(x, read("alpha", 0.2)), read("beta", 0.5)), 1), 0),
);

/** `HardSwish`. */
export const hardSwish: Kernel = activation((x, m) => m.mul(x, m.max(m.min(m.add(m.mul(x, 1 / 6), 0.5), 1), 0)));

/** `Mish`. */
export const mish: Kernel = activation((x, m) => m.mul(x, m.of("Tanh", softly(x, m))));

/** `ThresholdedRelu`. */
export const thresholdedRelu: Kernel = (node, device) => {
  const alpha = node.float("alpha", 1);
  return (inputs) => {
    const x = inputs[0]!;
    const tensor = physical(x, device);
    const above = device.run("Greater", { a: tensor, b: device.scalar(alpha) });
    return made(device.select(above, tensor, device.scalar(0)), x.dtype, x.order);
  };
};

/** `Gelu`, exact or by a hyperbolic tangent. */
export const gelu: Kernel = (node, device) => {
  const kind = approximation(node);
  const formula: Formula =
    kind === "none"
      ? (x, m) => m.mul(m.mul(x, 0.5), m.add(m.of("Erf", m.mul(x, Math.SQRT1_2)), 1))
      : (x, m) => {
          const cubic = m.mul(x, m.add(m.mul(m.mul(x, x), 0.044715), 1));
          return m.mul(m.mul(x, 0.5), m.add(m.of("Tanh", m.mul(cubic, Math.sqrt(2 / Math.PI))), 1));
        };
  return activation(formula)(node, device);
};

function approximation(node: NodeReader): string {
  const kind = node.text("approximate", "none");
  if (kind !== "none" && kind !== "tanh") throw node.fail(`expected approximate none or tanh; received ${kind}`);
  return kind;
}

/** `PRelu`: the slope is broadcast to x. */
export const pRelu: Kernel = (_, device) => {
  const m = arithmeticOn(device);
  return (inputs) => {
    const values = inputs as readonly [Value, Value];
    const { tensors, order } = together(values, device);
    const [x, slope] = tensors as [DeviceTensor, DeviceTensor];
    return made(m.add(m.max(x, 0), m.mul(m.min(x, 0), slope)), values[0].dtype, order);
  };
};
