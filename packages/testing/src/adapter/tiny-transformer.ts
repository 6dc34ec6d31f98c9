import { float32, type Graph, type LayerGroup, seededRandom, type Value } from "@graft-ml/core";
import { graphBuilder, layerGroups, type OpenGraph, reduceMean } from "@graft-ml/graph";

const [TOKENS, WIDTH, WIDER] = [5, 8, 16];

/** A graph with its layer groups, as adapters see it. */
export interface Grouped {
  readonly graph: Graph;
  readonly groups: readonly LayerGroup[];
}

/** Random transformer layers of one attention head over vectors `[batch, 5, 8]`, one layer group a layer. */
export function tinyTransformer(layers = 2, seed = 1): Grouped {
  const random = seededRandom(seed).fork("testing/tiny-transformer");
  const g = graphBuilder();
  const parameter = (name: string, dims: readonly number[], mean: number, deviation: number): Value => {
    const length = dims.reduce((a, b) => a * b, 1);
    return g.parameter(
      name,
      float32(
        dims,
        Float32Array.from({ length }, () => mean + deviation * random.normal()),
      ),
    );
  };
  const linear = (x: Value, name: string, from: number, to: number): Value =>
    g.op("Add", [
      g.op("MatMul", [x, parameter(`${name}.weight`, [from, to], 0, 0.4)]),
      parameter(`${name}.bias`, [to], 0, 0.1),
    ]);
  const norm = (x: Value, name: string): Value =>
    g.op(
      "LayerNormalization",
      [x, parameter(`${name}.weight`, [WIDTH], 1, 0.1), parameter(`${name}.bias`, [WIDTH], 0, 0.1)],
      {
        axis: -1,
      },
    );
  let x = g.input("tokens", "float32", ["batch", TOKENS, WIDTH]);
  for (let i = 0; i < layers; i++) {
    const name = `layers.${i}`;
    const [query, key, value] = ["query", "key", "value"].map((part) =>
      linear(x, `${name}.attention.${part}`, WIDTH, WIDTH),
    ) as [Value, Value, Value];
    const attended = g.op("MatMul", [shares(g, query, key), value]);
    x = norm(g.op("Add", [x, linear(attended, `${name}.attention.output`, WIDTH, WIDTH)]), `${name}.attention.norm`);
    const wide = g.op("Tanh", [linear(x, `${name}.wider`, WIDTH, WIDER)]);
    x = norm(g.op("Add", [x, linear(wide, `${name}.back`, WIDER, WIDTH)]), `${name}.norm`);
  }
  const graph = g.finish([g.name(reduceMean(g, x, [1], false), "features")]);
  return { graph, groups: layerGroups(graph, "tokens") };
}

function shares(g: OpenGraph, query: Value, key: Value): Value {
  const products = g.op("MatMul", [query, g.op("Transpose", [key], { perm: [0, 2, 1] })]);
  return g.op("Softmax", [g.op("Mul", [products, g.scalar(WIDTH ** -0.5)])], { axis: -1 });
}
