import { type DType, float32, type Tensor, type TensorData, tensor, type Value } from "@graft-ml/core";
import type { OpenGraph } from "@graft-ml/graph";
import { add, f, filled, type LayerCase, type LayerInput } from "./layers.fixture.ts";

const of = (dtype: DType, ...dims: number[]): LayerInput => ({ dtype, dims });
const fixed = (dtype: DType, dims: readonly number[], data: TensorData): Tensor => tensor(dtype, dims, data as never);
const u8 = (...values: number[]): Tensor =>
  fixed("uint8", values.length === 1 ? [] : [values.length], Uint8Array.from(values));
const i8 = (...values: number[]): Tensor =>
  fixed("int8", values.length === 1 ? [] : [values.length], Int8Array.from(values));
const scales = (...values: number[]): Tensor => float32(values.length === 1 ? [] : [values.length], values);
const all = (g: OpenGraph, ...tensors: (Tensor | undefined)[]): (Value | undefined)[] =>
  tensors.map((one) => one && g.constant(one));

/** One step of 256. */
const STEP = 1 / 255 + 1e-6;

const dequantize: readonly LayerCase[] = [
  {
    name: "DequantizeLinear-10 uint8",
    opset: 10,
    inputs: [of("uint8", 3, 4)],
    build: (g, x) => add(g, "DequantizeLinear", [x, ...all(g, scales(0.02), u8(130))]),
  },
  {
    name: "DequantizeLinear-13 int8",
    opset: 13,
    inputs: [of("int8", 3, 4)],
    build: (g, x) => add(g, "DequantizeLinear", [x, ...all(g, scales(0.02))]),
  },
  {
    name: "DequantizeLinear-13 along axis 0",
    opset: 13,
    inputs: [of("int8", 3, 4, 2)],
    build: (g, x) => add(g, "DequantizeLinear", [x, ...all(g, scales(0.02, 0.5, 1), i8(-3, 0, 5))], { axis: 0 }),
  },
  {
    name: "DequantizeLinear-13 along the axis by default",
    opset: 13,
    inputs: [of("uint8", 2, 3, 4)],
    build: (g, x) => add(g, "DequantizeLinear", [x, ...all(g, scales(0.02, 0.5, 1), u8(3, 128, 5))]),
  },
  {
    name: "DequantizeLinear-13 along the last axis",
    opset: 13,
    inputs: [of("uint8", 2, 3)],
    build: (g, x) => add(g, "DequantizeLinear", [x, ...all(g, scales(0.02, 0.5, 1), u8(3, 128, 5))], { axis: -1 }),
  },
  {
    name: "DequantizeLinear-13 int32",
    opset: 13,
    inputs: [of("int32", 3, 4)],
    build: (g, x) => add(g, "DequantizeLinear", [x, ...all(g, scales(0.001))]),
  },
  {
    name: "DequantizeLinear-13 of many",
    opset: 13,
    inputs: [of("int8", 70, 80)],
    build: (g, x) => add(g, "DequantizeLinear", [x, ...all(g, scales(0.02), i8(7))]),
  },
  {
    name: "DequantizeLinear-21 in blocks",
    opset: 21,
    inputs: [of("int8", 2, 6, 3)],
    build: (g, x) =>
      add(
        g,
        "DequantizeLinear",
        [
          x,
          g.constant(filled({ dtype: "float32", dims: [2, 3, 3] }, "blocks")),
          g.constant(
            fixed(
              "int8",
              [2, 3, 3],
              Int8Array.from({ length: 18 }, (_, i) => i - 9),
            ),
          ),
        ],
        { axis: 1, block_size: 2 },
      ),
  },
];

const quantize: readonly LayerCase[] = [
  {
    name: "QuantizeLinear-10 uint8, halves and both ends",
    opset: 10,
    inputs: [float32([9], [-100, -1.5, -0.5, 0.5, 1.5, 2.5, 3.4999, 127.5, 1000])],
    tolerance: 0,
    build: (g, x) => add(g, "QuantizeLinear", [x, ...all(g, scales(1), u8(128))]),
  },
  {
    name: "QuantizeLinear-13 int8",
    opset: 13,
    inputs: [f(5, 7)],
    tolerance: 0,
    build: (g, x) => add(g, "QuantizeLinear", [x, ...all(g, scales(0.0123), i8(-5))]),
  },
  {
    name: "QuantizeLinear-13 without a zero point",
    opset: 13,
    inputs: [f(5, 7)],
    tolerance: 0,
    build: (g, x) => add(g, "QuantizeLinear", [x, ...all(g, scales(0.0123))]),
  },
  {
    name: "QuantizeLinear-13 along axis 0",
    opset: 13,
    inputs: [f(3, 4, 2)],
    tolerance: 0,
    build: (g, x) => add(g, "QuantizeLinear", [x, ...all(g, scales(0.02, 0.5, 0.001), i8(-3, 0, 5))], { axis: 0 }),
  },
  {
    name: "QuantizeLinear-21 to a type by its number",
    opset: 21,
    inputs: [f(5, 7)],
    tolerance: 0,
    build: (g, x) => add(g, "QuantizeLinear", [x, ...all(g, scales(0.0123))], { output_dtype: 3 }),
  },
  {
    name: "QuantizeLinear-21 to 16 bits",
    opset: 21,
    inputs: [f(5, 7)],
    tolerance: 0,
    build: (g, x) =>
      add(g, "QuantizeLinear", [x, ...all(g, scales(0.0001), fixed("uint16", [], Uint16Array.of(30000)))]),
  },
  {
    name: "QuantizeLinear and back",
    opset: 13,
    inputs: [f(3, 4)],
    build: (g, x) =>
      add(g, "DequantizeLinear", [
        add(g, "QuantizeLinear", [x, ...all(g, scales(0.01), u8(100))])[0]!,
        ...all(g, scales(0.01), u8(100)),
      ]),
  },
  ...[f(4, 5), float32([2, 2], [0, 0, 0, 0]), float32([3], [1, 2, 3]), float32([3], [-1, -2, -3])].map(
    (x, i): LayerCase => ({
      name: `DynamicQuantizeLinear ${i}`,
      inputs: [x],
      build: (g, value) => add(g, "DynamicQuantizeLinear", [value], {}, ["y", "scale", "zero"]),
    }),
  ),
];

const products: readonly LayerCase[] = [
  {
    name: "MatMulInteger",
    inputs: [of("uint8", 3, 5), of("int8", 5, 4)],
    tolerance: 0,
    build: (g, a, b) => add(g, "MatMulInteger", [a, b, ...all(g, u8(128), i8(3))]),
  },
  {
    name: "MatMulInteger without zero points, batches",
    inputs: [of("uint8", 2, 3, 5), of("uint8", 5, 4)],
    tolerance: 0,
    build: (g, a, b) => add(g, "MatMulInteger", [a, b]),
  },
  {
    name: "MatMulInteger, zero points of columns",
    inputs: [of("uint8", 3, 5), of("int8", 5, 4)],
    tolerance: 0,
    build: (g, a, b) => add(g, "MatMulInteger", [a, b, ...all(g, u8(7), i8(1, -2, 3, 4))]),
  },
  {
    name: "MatMulInteger of long sums, exact",
    inputs: [
      fixed("uint8", [2, 3001], new Uint8Array(6002).fill(255)),
      fixed(
        "uint8",
        [3001, 2],
        Uint8Array.from({ length: 6002 }, (_, i) => 255 - (i % 3)),
      ),
    ],
    tolerance: 0,
    build: (g, a, b) => add(g, "MatMulInteger", [a, b]),
  },
  {
    name: "QLinearMatMul",
    inputs: [of("uint8", 2, 3, 5), of("uint8", 5, 4)],
    tolerance: STEP,
    build: (g, a, b) =>
      add(g, "QLinearMatMul", [
        a,
        ...all(g, scales(0.02), u8(120)),
        b,
        ...all(g, scales(0.01), u8(130), scales(0.05), u8(110)),
      ]),
  },
  {
    name: "ConvInteger",
    inputs: [of("uint8", 2, 3, 6, 5), of("uint8", 4, 3, 3, 3)],
    tolerance: 1e-6,
    build: (g, x, w) =>
      add(g, "ConvInteger", [x, w, ...all(g, u8(120), u8(130))], { pads: [1, 0, 1, 2], strides: [2, 1] }),
  },
  {
    name: "QLinearConv with a bias, scales of channels",
    inputs: [of("uint8", 2, 4, 6, 5), of("int8", 6, 2, 3, 3)],
    tolerance: STEP,
    build: (g, x, w) =>
      add(
        g,
        "QLinearConv",
        [
          x,
          ...all(g, scales(0.02), u8(120)),
          w,
          ...all(
            g,
            scales(0.01, 0.02, 0.03, 0.01, 0.02, 0.01),
            i8(0, 0, 0, 0, 0, 0),
            scales(0.2),
            u8(110),
            fixed("int32", [6], Int32Array.of(500, -300, 0, 1000, 20, -5)),
          ),
        ],
        { group: 2, pads: [1, 1, 1, 1] },
      ),
  },
  { name: "a dynamically quantised layer", inputs: [f(3, 6), of("int8", 6, 4)], tolerance: 1e-5, build: dynamicLayer },
];

/** As quantising tools write a dense layer: activations quantised on the way, the product taken in integers. */
function dynamicLayer(g: OpenGraph, x: Value, w: Value): readonly Value[] {
  const [y, scale, zero] = add(g, "DynamicQuantizeLinear", [x], {}, ["y", "scale", "zero"]);
  const sums = add(g, "MatMulInteger", [y, w, zero, g.constant(i8(0))])[0]!;
  const steps = g.op("Mul", [scale, g.scalar(0.013)]);
  return [g.op("Mul", [g.op("Cast", [sums], { to: 1 }), steps])];
}

/** Quantising, back again, and products of what is quantised. */
export const quantizedCases: readonly LayerCase[] = [...dequantize, ...quantize, ...products];
