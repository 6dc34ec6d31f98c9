import {
  type Adapter,
  fail,
  float32,
  type Graph,
  type LayerGroup,
  onlyOptions,
  type PlainOptions,
  type Tensor,
  type Tensors,
  toNumbers,
  type Value,
} from "@graft-ml/core";
import type { OpenGraph } from "@graft-ml/graph";
import { feedForwards } from "./blocks.ts";
import { type Change, changeNodes, repeat } from "./change-nodes.ts";
import { factorsOf, placed, spread } from "./factors.ts";
import { type Layer, layersOf } from "./layers.ts";
import { canHold, changedKernel } from "./merging.ts";
import { columnsOption, isMerged, PARTS, selectLayers, wordsOption } from "./select-layers.ts";

const WHERE = "freezing/ia3";

/**
 * Factors that stretch or shrink activations: keys and values, and what the second layer of a feed-forward block takes (Liu et al.,
 * Few-Shot Parameter-Efficient Fine-Tuning, NeurIPS 2022, section 3.3). They start at one. Outputs are scaled with their bias, as in PEFT.
 * Parameters: `adapter.<kernel>.scale` `[outputs]`, of feed-forward layers `[inputs]`.
 * `targets`: patterns over names of kernels, their nodes and biases whose outputs are scaled; default: key and value projections, where
 * there are none every kernel (channels of convolutions). `feedforward`: patterns of kernels whose inputs are scaled, or false for none;
 * default: second layers of feed-forward blocks, found by their shapes. `columns`: parts of merged projections that are scaled;
 * default: "key,value", and all outputs where `targets` is given.
 */
export function ia3(options: PlainOptions = {}): Adapter {
  onlyOptions(WHERE, options, ["targets", "feedforward", "columns"]);
  const targets = wordsOption(WHERE, options, "targets");
  const asked = columnsOption(WHERE, options);
  const columns = asked ?? (targets === undefined ? ["key", "value"] : undefined);
  const off = options.feedforward === false;
  const feedforward = off ? [] : wordsOption(WHERE, options, "feedforward");

  /** The layers whose inputs are scaled, and those whose outputs are. */
  const chosen = (graph: Graph, groups: readonly LayerGroup[]): { inputs: Layer[]; outputs: Layer[] } => {
    const layers = layersOf(graph, groups);
    const blocks = feedForwards(layers);
    const inputs =
      feedforward === undefined
        ? blocks.map(({ down }) => down)
        : feedforward.length === 0
          ? []
          : selectLayers(WHERE, layers, { targets: feedforward, projections: [], refusal: grouped });
    const taken = inputs.find(({ obstacle }) => obstacle !== undefined);
    if (taken !== undefined)
      throw fail(WHERE, `the kernel "${taken.kernel}" ${taken.obstacle}. Choose others by feedforward`);
    const used = new Set(inputs);
    const rest = layers.filter((layer) => !used.has(layer));
    const refusal = (layer: Layer): string | undefined => sharedBias(layer) ?? unmerged(layer, asked);
    return { inputs, outputs: selectLayers(WHERE, rest, { targets, projections: ["key", "value"], refusal }) };
  };
  const partsOf = (layer: Layer): readonly string[] => (columns !== undefined && isMerged(layer) ? columns : []);

  /** Kernels and biases with their factors, or with those taken out again. */
  const multiplied = (
    graph: Graph,
    groups: readonly LayerGroup[],
    values: Tensors,
    back: boolean,
  ): Tensors | undefined => {
    const changed: Record<string, Tensor> = {};
    const all = chosen(graph, groups);
    const [inputs, outputs] = [all.inputs, all.outputs].map((layers) =>
      layers.filter((each) => nameOf(each) in values),
    ) as [Layer[], Layer[]];
    if (inputs.length + outputs.length === 0)
      throw fail(WHERE, "found no value of a kernel in these groups, such as adapter.<kernel>.scale");
    if (!canHold([...inputs, ...outputs])) return undefined;
    for (const layer of inputs) {
      const factors = factorsOf(WHERE, nameOf(layer), layer.inputs, [], values, back);
      const window = layer.window.reduce((a, b) => a * b, 1);
      changed[layer.kernel] = changedKernel(graph, layer, (v, _, row) => v * factors[Math.floor(row / window)]!);
    }
    for (const layer of outputs) {
      const factors = factorsOf(WHERE, nameOf(layer), layer.outputs, partsOf(layer), values, back);
      changed[layer.kernel] = changedKernel(graph, layer, (v, _, __, output) => v * factors[output]!);
      for (const { bias } of layer.products) {
        if (bias?.own !== true) continue;
        const tensor = graph.initializers.get(bias.name)!;
        const scaled = Float32Array.from(toNumbers(tensor), (v, i) => v * factors[i % factors.length]!);
        changed[bias.name] = float32(tensor.dims, scaled);
      }
    }
    return changed;
  };

  return {
    name: "ia3",
    summary: "train factors of keys, values and feed-forward activations (infused adapter)",
    attach(graph, groups) {
      const { inputs, outputs } = chosen(graph, groups);
      const made = new Map<string, Value>();
      const factor = (g: OpenGraph, layer: Layer, length: number): Value => {
        const name = nameOf(layer);
        const value = made.get(name) ?? g.parameter(name, float32([length], new Float32Array(length).fill(1)));
        made.set(name, value);
        return value;
      };
      const changes = new Map<string, Change>();
      for (const layer of inputs) {
        for (const { node } of layer.products)
          changes.set(node.outputs[0]!, (g, same) => {
            const scaled = g.op("Mul", [
              g.value(same.inputs[0]!),
              placed(g, layer, factor(g, layer, layer.inputs), same),
            ]);
            return repeat(g, same, [scaled.name, ...same.inputs.slice(1)]);
          });
      }
      for (const layer of outputs) {
        const parts = partsOf(layer);
        const length = parts.length === 0 ? layer.outputs : (layer.outputs / PARTS.length) * parts.length;
        // A bias that others add, too, stays as it is: the factors come before it.
        for (const { node, bias, output } of layer.products)
          changes.set(bias?.own === false ? node.outputs[0]! : output, (g, same) => {
            const factors = spread(g, layer, parts, factor(g, layer, length));
            return g.op("Mul", [repeat(g, same), placed(g, layer, factors)]);
          });
      }
      return { graph: changeNodes(graph, changes), parameters: [...made.keys()] };
    },
    merge: (graph, groups, values) => multiplied(graph, groups, values, false),
    unmerge: (graph, groups, values) => multiplied(graph, groups, values, true) ?? {},
  };
}

function nameOf({ kernel }: Layer): string {
  return `adapter.${kernel}.scale`;
}

function grouped({ parts }: Layer): string | undefined {
  return parts > 1 ? `is a grouped convolution (${parts} groups), whose inputs are not scaled` : undefined;
}

function unmerged(layer: Layer, columns: readonly string[] | undefined): string | undefined {
  return columns !== undefined && !isMerged(layer)
    ? "does not make query, key and value at once, which columns asks for"
    : undefined;
}

/** A bias inside the node that others add, too, cannot take a layer's factors. */
function sharedBias({ products }: Layer): string | undefined {
  const shared = products.find(({ bias }) => bias?.inner === true && !bias.own);
  return shared && `adds the bias "${shared.bias!.name}", which is not its own`;
}
