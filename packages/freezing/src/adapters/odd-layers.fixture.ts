import {
  type AttributeLiteral,
  float32,
  floatToHalf,
  type Graph,
  type LayerGroup,
  seededRandom,
  sizeOf,
  type Tensor,
  type Value,
} from "@graft-ml/core";
import { graphBuilder, type OpenGraph } from "@graft-ml/graph";

/** A graph of two layers of one kind, each a group. */
export interface Odd {
  readonly graph: Graph;
  readonly groups: readonly LayerGroup[];
}

const WIDTH = 6;

/** Normal values. */
export function drawn(name: string, dims: readonly number[], deviation = 0.4): Tensor {
  const random = seededRandom(name);
  return float32(
    dims,
    Float32Array.from({ length: sizeOf(dims) }, () => deviation * random.normal()),
  );
}

/** Two layers made by `layer`, whose initializers are named by their layer. */
function twoLayers(dims: readonly number[], layer: (g: OpenGraph, x: Value, name: string) => Value): Odd {
  const g = graphBuilder();
  let x = g.input("x", "float32", ["batch", ...dims]);
  const groups = [0, 1].map((i): LayerGroup => {
    const name = `layers.${i}`;
    x = g.name(g.op("Tanh", [layer(g, x, name)]), `${name}/end`);
    return { name, initializers: [], boundary: x.name };
  });
  const graph = g.finish([x]);
  const own = [...graph.initializers.keys()];
  return {
    graph,
    groups: groups.map((group) => ({ ...group, initializers: own.filter((key) => key.startsWith(`${group.name}.`)) })),
  };
}

function half({ dims, data }: Tensor): Tensor {
  return { dtype: "float16", dims, data: Uint16Array.from(data as Float32Array, floatToHalf) };
}

function conv(
  attributes: Readonly<Record<string, AttributeLiteral>>,
  kernel: readonly number[],
  parts = 1,
  own = "conv",
): Odd {
  return twoLayers([WIDTH, 9, 9], (g, x, name) =>
    g.op(
      "Conv",
      [
        x,
        g.parameter(`${name}.${own}.weight`, drawn(name, [WIDTH, WIDTH / parts, ...kernel])),
        g.parameter(`${name}.bias`, drawn(`${name} bias`, [WIDTH])),
      ],
      { kernel_shape: kernel, group: parts, ...attributes },
    ),
  );
}

/** Ways in which exporters write layers. */
export const odd: Readonly<Record<string, Odd>> = {
  "Gemm with all its attributes": twoLayers([WIDTH], (g, x, name) =>
    g.op(
      "Gemm",
      [
        x,
        g.parameter(`${name}.weight`, drawn(name, [WIDTH, WIDTH])),
        g.parameter(`${name}.bias`, drawn(`${name} bias`, [WIDTH])),
      ],
      { transB: 1, alpha: { float: 0.5 }, beta: { float: 2 } },
    ),
  ),
  "Gemm that turns its input": twoLayers([WIDTH], (g, x, name) =>
    g.op(
      "Gemm",
      [g.op("Transpose", [x], { perm: [1, 0] }), g.parameter(`${name}.weight`, drawn(name, [WIDTH, WIDTH]))],
      {
        transA: 1,
      },
    ),
  ),
  "a transposed kernel": twoLayers([4, WIDTH], (g, x, name) =>
    g.op("MatMul", [
      x,
      g.op("Transpose", [g.parameter(`${name}.weight`, drawn(name, [WIDTH, WIDTH]))], { perm: [1, 0] }),
    ]),
  ),
  "a kernel kept in halves": twoLayers([4, WIDTH], (g, x, name) =>
    g.op("MatMul", [x, g.op("Cast", [g.parameter(`${name}.weight`, half(drawn(name, [WIDTH, WIDTH])))], { to: 1 })]),
  ),
  "a kernel that is read twice": twoLayers([4, WIDTH], (g, x, name) => {
    const weight = g.parameter(`${name}.weight`, drawn(name, [WIDTH, WIDTH]));
    return g.op("MatMul", [g.op("Tanh", [g.op("MatMul", [x, weight])]), weight]);
  }),
  "a bias that two layers add": twoLayers([4, WIDTH], (g, x, name) => {
    const shared = g.shared("biases", () => drawn("biases", [WIDTH]));
    return g.op("Add", [shared, g.op("MatMul", [x, g.parameter(`${name}.weight`, drawn(name, [WIDTH, WIDTH]))])]);
  }),
  "one kernel for query, key and value": twoLayers([4, WIDTH], (g, x, name) => {
    const all = g.op("Add", [
      g.op("MatMul", [x, g.parameter(`${name}.qkv.weight`, drawn(name, [WIDTH, 3 * WIDTH]))]),
      g.parameter(`${name}.qkv.bias`, drawn(`${name} bias`, [3 * WIDTH])),
    ]);
    const part = (i: number): Value =>
      g.op("Slice", [all, g.ints([i * WIDTH]), g.ints([(i + 1) * WIDTH]), g.ints([-1])]);
    return g.op("Add", [g.op("Mul", [part(0), part(1)]), part(2)]);
  }),
  "a convolution with steps and holes": conv({ strides: [1, 1], dilations: [2, 1], pads: [2, 1, 2, 1] }, [3, 3]),
  "a convolution that pads itself": conv({ auto_pad: "SAME_LOWER" }, [2, 3]),
  "a convolution for query, key and value": conv({}, [1, 1], 1, "qkv"),
  "a 1×1 convolution": conv({ strides: [2, 2] }, [1, 1]),
};

/** Convolutions of three groups. */
export const groupedConvolutions: Odd = conv({ pads: [1, 1, 1, 1] }, [3, 3], 3);

/** Kernels kept in integers, with a scale a column. */
export const quantized: Odd = twoLayers([4, WIDTH], (g, x, name) => {
  const integers: Tensor = {
    dtype: "int8",
    dims: [WIDTH, WIDTH],
    data: Int8Array.from(drawn(name, [WIDTH, WIDTH]).data as Float32Array, (value) => Math.round(100 * value)),
  };
  const scale = g.parameter(`${name}.scale`, float32([WIDTH], new Float32Array(WIDTH).fill(0.01)));
  return g.op("MatMul", [x, g.op("DequantizeLinear", [g.parameter(`${name}.weight`, integers), scale], { axis: 1 })]);
});

/** Words whose table is the last layer's kernel, too. */
export const tied: Odd = twoLayers([4, WIDTH], (g, x, name) => {
  const weight = g.parameter(`${name}.weight`, drawn(name, [WIDTH, WIDTH]));
  const rows = g.op("Gather", [weight, g.ints([0, 1, 2, 3])], { axis: 0 });
  return g.op("MatMul", [g.op("Add", [x, rows]), weight]);
});
