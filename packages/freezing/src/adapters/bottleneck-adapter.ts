import {
  type Adapter,
  choiceOption,
  fail,
  float32,
  type Graph,
  type LayerGroup,
  numberOption,
  onlyOptions,
  type PlainOptions,
  type Random,
  type Value,
} from "@graft-ml/core";
import { inferShapes, type OpenGraph, producersOf } from "@graft-ml/graph";
import { attentionOutputs, feedForwards } from "./blocks.ts";
import { type Change, changeNodes, repeat } from "./change-nodes.ts";
import { layersOf } from "./layers.ts";

const WHERE = "freezing/bottleneck-adapter";
/** A bottleneck of fewer numbers than this could hardly say anything. */
const NARROWEST = 4;

/**
 * Small layers between those of the network: x + up(f(down(x))) (Houlsby et al., Parameter-Efficient Transfer Learning for NLP, ICML
 * 2019, figure 2), behind the output projection of attention and behind each feed-forward block, before the sum with what went around
 * them; groups that have neither, as those of convnets, get one at their end, of 1×1 convolutions. `up` is zero at first, so that
 * nothing changes. They stay in the exported graph. Parameters: `adapter.<kernel or group>.down.weight`, `.down.bias`, `.up.weight`, `.up.bias`.
 * `size`: width of the bottleneck; default: channels / `reduction` (16), at least 4. `activation`: gelu (default) or relu.
 */
export function bottleneckAdapter(options: PlainOptions = {}): Adapter {
  onlyOptions(WHERE, options, ["size", "reduction", "activation"]);
  const size = numberOption(WHERE, options, "size", 0, { min: 1, integer: true });
  const reduction = numberOption(WHERE, options, "reduction", 16, { min: 1 });
  const activation = choiceOption(WHERE, options, "activation", "gelu", ["gelu", "relu"]);
  const widthOf = (channels: number): number => size || Math.max(NARROWEST, Math.round(channels / reduction));
  return {
    name: "bottleneck-adapter",
    summary: "train small bottleneck layers behind attention, feed-forward blocks or convolutional stages",
    attach(graph, groups, random) {
      const parameters: string[] = [];
      const add = (g: OpenGraph, name: string, dims: readonly number[], draw: () => number): Value => {
        parameters.push(name);
        const length = dims.reduce((a, b) => a * b, 1);
        return g.parameter(name, float32(dims, Float32Array.from({ length }, draw)));
      };
      const changes = placesOf(graph, groups).map(({ value, key }): [string, Change] => [
        value,
        (g, node) => residual(g, repeatedAt(g, node, value), `adapter.${key}`, { widthOf, activation, random, add }),
      ]);
      return { graph: changeNodes(graph, new Map(changes)), parameters };
    },
  };
}

interface Making {
  widthOf(channels: number): number;
  readonly activation: "gelu" | "relu";
  readonly random: Random;
  add(g: OpenGraph, name: string, dims: readonly number[], draw: () => number): Value;
}

/** A value that gets an adapter, and what its parameters are named by. */
interface Place {
  readonly value: string;
  readonly key: string;
}

function placesOf(graph: Graph, groups: readonly LayerGroup[]): Place[] {
  const layers = layersOf(graph, groups);
  const ends = [...attentionOutputs(graph, layers), ...feedForwards(layers).map(({ down }) => down)];
  const taken = ends.find(({ obstacle }) => obstacle?.includes("already"));
  if (taken !== undefined) throw fail(WHERE, `the kernel "${taken.kernel}" ${taken.obstacle}. Choose other groups`);
  const places = [...new Set(ends)].flatMap(({ kernel, products }) =>
    products.map(({ output }, i) => ({ value: output, key: i === 0 ? kernel : `${kernel}#${i}` })),
  );
  if (places.length > 0) return places;
  const producers = producersOf(graph);
  const { values } = inferShapes(graph);
  return groups.map(({ name, boundary }) => {
    const { dtype, dims } = values.get(boundary) ?? { dims: [] };
    const channels = dims[dims.length === 4 ? 1 : dims.length - 1];
    if (!producers.has(boundary) || dtype !== "float32" || dims.length < 2 || typeof channels !== "number") {
      const shape = `${dtype ?? "unknown"} [${dims.join(", ")}]`;
      throw fail(
        WHERE,
        `the group "${name}" ends at "${boundary}", ${shape}, which has no channels. Choose other groups`,
      );
    }
    return { value: boundary, key: name };
  });
}

/** Adds the node again; a node of several outputs can only be followed by its first. */
function repeatedAt(g: OpenGraph, node: Parameters<typeof repeat>[1], value: string): Value {
  if (node.outputs[0] !== value) throw fail(WHERE, `"${value}" is not the first output of "${node.name}" (${node.op})`);
  return repeat(g, node);
}

function residual(g: OpenGraph, x: Value, name: string, { widthOf, activation, random, add }: Making): Value {
  const convolved = x.dims.length === 4;
  const channels = x.dims[convolved ? 1 : x.dims.length - 1] as number;
  const width = widthOf(channels);
  const bound = 1 / Math.sqrt(channels);
  const stream = random.fork(name);
  const draw = (): number => (2 * stream.uniform() - 1) * bound;
  const zero = (): number => 0;
  const dims = (rows: number, columns: number): number[] => (convolved ? [columns, rows, 1, 1] : [rows, columns]);
  const down = add(g, `${name}.down.weight`, dims(channels, width), draw);
  const downBias = add(g, `${name}.down.bias`, [width], zero);
  const up = add(g, `${name}.up.weight`, dims(width, channels), zero);
  const upBias = add(g, `${name}.up.bias`, [channels], zero);
  const affine = (input: Value, weight: Value, bias: Value): Value =>
    convolved
      ? g.op("Conv", [input, weight, bias], { kernel_shape: [1, 1] })
      : g.op("Add", [g.op("MatMul", [input, weight]), bias]);
  const low = affine(x, down, downBias);
  return g.op("Add", [x, affine(activation === "relu" ? g.op("Relu", [low]) : gelu(g, low), up, upBias)]);
}

/** x / 2 · (1 + erf(x / √2)). */
function gelu(g: OpenGraph, x: Value): Value {
  const erf = g.op("Erf", [g.op("Mul", [x, g.scalar(Math.SQRT1_2)])]);
  return g.op("Mul", [g.op("Mul", [x, g.scalar(0.5)]), g.op("Add", [erf, g.scalar(1)])]);
}
