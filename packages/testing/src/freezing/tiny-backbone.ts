import {
  type Backbone,
  float32,
  type Graph,
  type GroupMeasure,
  type LayerGroup,
  type Random,
  seededRandom,
  type Tensor,
  type Value,
} from "@graft-ml/core";
import { graphBuilder, layerGroups, type OpenGraph } from "@graft-ml/graph";

const CHANNELS = 4;
const SIDE = 6;

/** A random backbone of convolution, batch normalisation and ReLU blocks for 6×6 pictures, one layer group a block. */
export function tinyBackbone(blocks = 3, seed = 1): Backbone {
  const random = seededRandom(seed).fork("testing/tiny-backbone");
  const g = graphBuilder();
  let x = g.input("image", "float32", ["batch", 3, SIDE, SIDE]);
  for (let i = 0; i < blocks; i++) x = block(g, x, `blocks.${i}`, random);
  const pooled = g.op("Flatten", [g.op("GlobalAveragePool", [x])]);
  const graph = g.finish([g.name(pooled, "features")]);
  return { card: cardOf(graph), graph, groups: layerGroups(graph, "image") };
}

/** Layer groups without a graph, as a strategy sees them. */
export function syntheticGroups(count: number): LayerGroup[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `blocks.${i}`,
    initializers: [`blocks.${i}.weight`],
    boundary: `blocks.${i}.out`,
  }));
}

/** Measures of such groups: probes that rise and fall again, gradients that grow towards the head, training that costs more than the pass. */
export function syntheticMeasures(groups: readonly LayerGroup[]): GroupMeasure[] {
  const count = groups.length;
  return groups.map(({ name }, i) => ({
    name,
    probe: 0.9 - Math.abs((i + 1) / count - 0.8) / 2,
    gradient: (0.01 * (i + 1)) / count,
    seconds: { pass: (20 * i) / count, epoch: 60 - (50 * i) / count },
  }));
}

function block(g: OpenGraph, x: Value, name: string, random: Random): Value {
  const draw = (dims: readonly number[], mean: number, deviation: number): Tensor =>
    float32(
      dims,
      Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => mean + deviation * random.normal()),
    );
  const kernel = g.parameter(`${name}.conv.weight`, draw([CHANNELS, x.dims[1] as number, 3, 3], 0, 0.3));
  const convolved = g.op("Conv", [x, kernel], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
  const norm = [
    g.parameter(`${name}.norm.weight`, draw([CHANNELS], 1, 0.1)),
    // Shifted upwards, so that no unit is dead and every weight has a gradient.
    g.parameter(`${name}.norm.bias`, draw([CHANNELS], 0.5, 0.1)),
    g.parameter(`${name}.norm.mean`, draw([CHANNELS], 0, 0.1)),
    g.parameter(`${name}.norm.variance`, float32([CHANNELS], new Float32Array(CHANNELS).fill(1))),
  ];
  return g.op("Relu", [g.op("BatchNormalization", [convolved, ...norm])]);
}

function cardOf(graph: Graph): Backbone["card"] {
  const statistics = new Set(
    graph.nodes.filter((node) => node.op === "BatchNormalization").flatMap((node) => node.inputs.slice(3)),
  );
  const sizes = [...graph.initializers].map(([name, { data }]) => (statistics.has(name) ? 0 : data.length));
  return {
    id: "tiny",
    title: "Tiny random backbone",
    source: { package: "none" },
    licence: "MIT",
    task: "none",
    preprocessing: {
      size: SIDE,
      crop: 1,
      interpolation: "bilinear",
      mean: [127, 127, 127],
      std: [128, 128, 128],
      layout: "NCHW",
      channels: "RGB",
    },
    input: "image",
    features: "features",
    numFeatures: CHANNELS,
    parameters: sizes.reduce((a, b) => a + b, 0),
    bytes: 1,
    sha256: "unverified",
  };
}
