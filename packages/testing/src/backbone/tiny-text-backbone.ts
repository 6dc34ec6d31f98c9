import { type Backbone, float32, seededRandom, type TextPreprocessing, type Value } from "@graft-ml/core";
import { graphBuilder, layerGroups, type OpenGraph, reduceSum } from "@graft-ml/graph";

const [WORDS, WIDTH] = [1000, 4];

/** A random backbone of texts: the mean of words under a mask, after layers that read the mask again. `tokenizer` is for those who tokenize. */
export function tinyTextBackbone(layers: number = 2, tokenizer?: URL): Backbone<TextPreprocessing> {
  const g = graphBuilder();
  const ids = g.input("ids", "int64", ["batch", "tokens"]);
  const present = g.op("Cast", [g.input("present", "int64", ["batch", "tokens"])], { to: 1 });
  const mask = g.op("Unsqueeze", [present, g.ints([2])]);
  let x = g.op("Gather", [weight(g, "words.weight", WORDS, WIDTH), ids], { axis: 0 });
  for (let i = 0; i < layers; i++) {
    const product = g.op("MatMul", [x, weight(g, `layers.${i}.weight`, WIDTH, WIDTH)]);
    x = g.op("Tanh", [g.op("Mul", [product, mask])]);
  }
  const mean = g.op("Div", [reduceSum(g, x, [1], false), reduceSum(g, present, [1], true)]);
  const graph = g.finish([g.name(mean, "features")]);
  return {
    card: {
      id: "tiny-text",
      title: "random weights",
      source: { made: "here" },
      licence: "MIT",
      task: "none",
      preprocessing: { tokenizer: "wordpiece", maxTokens: 8, padId: 0, mask: "present", pooling: "mean" },
      input: "ids",
      features: "features",
      numFeatures: WIDTH,
      parameters: WORDS * WIDTH + layers * WIDTH * WIDTH,
      bytes: 1,
      sha256: "unverified",
    },
    graph,
    groups: layerGroups(graph, "ids"),
    ...(tokenizer && { tokenizer }),
  };
}

function weight(g: OpenGraph, name: string, rows: number, columns: number): Value {
  const random = seededRandom(1).fork(name);
  const data = Float32Array.from({ length: rows * columns }, () => random.normal());
  return g.parameter(name, float32([rows, columns], data));
}
