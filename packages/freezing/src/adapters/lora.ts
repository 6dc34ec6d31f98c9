import {
  type Adapter,
  fail,
  type Graph,
  type LayerGroup,
  numberOption,
  onlyOptions,
  type PlainOptions,
  sizeOf,
  type Tensor,
  type Tensors,
  type Value,
} from "@graft-ml/core";
import type { OpenGraph } from "@graft-ml/graph";
import { changeNodes } from "./change-nodes.ts";
import { type Layer, layersOf } from "./layers.ts";
import { addProduct, beside, type Pair } from "./low-rank.ts";
import { canHold, changedKernel } from "./merging.ts";
import { columnsOption, isMerged, selectLayers, wordsOption } from "./select-layers.ts";

const WHERE = "freezing/lora";

/**
 * A product of two narrow matrices beside each kernel: y = x W + s x A B (Hu et al., LoRA, ICLR 2022, equation 3). A is drawn from
 * U(−1/√inputs, 1/√inputs), B is zero. Beside a k×k convolution A is one of `r` channels and B is 1×1, as in PEFT; grouped
 * convolutions are passed over. Parameters: `adapter.<kernel>.a` `[inputs, r]` and `.b` `[r, outputs]`; with `columns` one pair a part.
 * `r` (8), `alpha` (16): s is alpha / r, with `rslora: true` alpha / √r (Kalajdzievski 2023). `targets`: patterns over names of kernels,
 * their nodes and biases; default: query and value projections, where there are none every kernel. `columns`: parts of merged
 * projections that are adapted, each with a pair of its own, say "query,value"; default: these, and the whole kernel where `targets` is given.
 */
export function lora(options: PlainOptions = {}): Adapter {
  onlyOptions(WHERE, options, ["r", "alpha", "rslora", "targets", "columns"]);
  const r = numberOption(WHERE, options, "r", 8, { min: 1, integer: true });
  const alpha = numberOption(WHERE, options, "alpha", 16, { min: 0 });
  const { rslora = false } = options;
  if (typeof rslora !== "boolean")
    throw fail(WHERE, `expected rslora to be true or false; received ${JSON.stringify(rslora)}`);
  const scale = rslora ? alpha / Math.sqrt(r) : alpha / r;
  const targets = wordsOption(WHERE, options, "targets");
  const asked = columnsOption(WHERE, options);
  const columns = asked ?? (targets === undefined ? ["query", "value"] : undefined);

  /** The parts of a kernel that are adapted; none: the whole. */
  const partsOf = (layer: Layer): readonly string[] => (columns !== undefined && isMerged(layer) ? columns : []);
  const namesOf = (layer: Layer): Pair[] => {
    const parts = partsOf(layer);
    if (parts.length === 0) return [{ a: `adapter.${layer.kernel}.a`, b: `adapter.${layer.kernel}.b` }];
    return parts.map((part) => ({
      part,
      a: `adapter.${layer.kernel}.${part}.a`,
      b: `adapter.${layer.kernel}.${part}.b`,
    }));
  };

  /** W ± s A B of every layer that has values. */
  const added = (graph: Graph, groups: readonly LayerGroup[], values: Tensors, sign: number): Tensors | undefined => {
    const layers = layersOf(graph, groups).filter((layer) =>
      namesOf(layer).some(({ a, b }) => a in values || b in values),
    );
    if (layers.length === 0)
      throw fail(WHERE, "found no value of a kernel in these groups, such as adapter.<kernel>.a");
    if (!canHold(layers)) return undefined;
    const changed = layers.map((layer) => {
      const update = new Float64Array(layer.inputs * sizeOf(layer.window) * layer.outputs);
      for (const pair of namesOf(layer)) addProduct(WHERE, update, layer, pair, values, r, (sign * scale) / layer.gain);
      return [layer.kernel, changedKernel(graph, layer, (value, place) => value + update[place]!)] as const;
    });
    return Object.fromEntries(changed);
  };

  return {
    name: "lora",
    summary: "train a product of two narrow matrices beside each kernel (low-rank adaptation)",
    attach(graph, groups, random) {
      const layers = selectLayers(WHERE, layersOf(graph, groups), {
        targets,
        projections: ["query", "value"],
        refusal: (layer) => refusalOf(layer, asked),
      });
      const made = new Map<string, Value>();
      const first = (g: OpenGraph, name: string, make: () => Tensor): Value => {
        const value = made.get(name) ?? g.parameter(name, make());
        made.set(name, value);
        return value;
      };
      const changes = layers.flatMap((layer) =>
        layer.products.map(
          ({ node }) => [node.outputs[0]!, beside(layer, namesOf(layer), { r, scale, random, first })] as const,
        ),
      );
      const adapted = changeNodes(graph, new Map(changes));
      return { graph: adapted, parameters: [...made.keys()] };
    },
    merge: (graph, groups, values) => added(graph, groups, values, 1),
    unmerge: (graph, groups, values) => added(graph, groups, values, -1) ?? {},
  };
}

function refusalOf(layer: Layer, columns: readonly string[] | undefined): string | undefined {
  if (layer.parts > 1) return `is a grouped convolution (${layer.parts} groups), which has no low rank`;
  if (columns !== undefined && !isMerged(layer))
    return "does not make query, key and value at once, which columns asks for";
  return undefined;
}
