import { type Backbone, float32, seededRandom, type Value } from "@graft-ml/core";
import { graphBuilder, layerGroups } from "@graft-ml/graph";
import { card as efficientnet } from "@graft-ml/weights-efficientnet-lite0";

/** A random backbone of three convolutions for 12 × 12 pictures, a layer group each: trains in milliseconds. */
export function smallBackbone(): Backbone {
  const random = seededRandom("small-backbone");
  const g = graphBuilder();
  let x: Value = g.input("image", "float32", ["batch", 3, 12, 12]);
  for (const [i, channels] of [3, 4, 4].entries()) {
    const values = Array.from({ length: 4 * channels * 9 }, () => 0.3 * random.normal());
    const kernel = g.parameter(`blocks.${i}.weight`, float32([4, channels, 3, 3], values));
    const bias = g.parameter(`blocks.${i}.bias`, float32([4], [0.2, 0.2, 0.2, 0.2]));
    x = g.op("Relu", [g.op("Conv", [x, kernel, bias], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })]);
  }
  const features = g.name(g.op("Flatten", [g.op("GlobalAveragePool", [x])]), "features");
  const graph = g.finish([features]);
  const card = {
    ...efficientnet,
    id: "small",
    input: "image",
    features: "features",
    numFeatures: 4,
    sha256: "cd".repeat(32),
    preprocessing: { ...efficientnet.preprocessing, size: 12, layout: "NCHW" },
  } as const;
  return { card, graph, groups: layerGroups(graph, "image") };
}
