import { fail, type Graph, type Value } from "@graft-ml/core";
import { dropIdentities, foldBatchNorm, type OpenGraph } from "@graft-ml/graph";

/**
 * Gives values of a graph as it is, frozen, inside another graph under construction that has the same inputs: only what a value
 * needs is copied, once.
 */
export function pretrainedCopy(g: OpenGraph, original: Graph): (name: string) => Value {
  const graph = foldBatchNorm(dropIdentities(original), new Set());
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const copies = new Map(graph.inputs.map(({ name }) => [name, name]));
  copies.set("", "");
  const copied = (name: string): string => {
    const known = copies.get(name);
    if (known !== undefined) return known;
    const own = g.fresh(`pretrained/${name}`);
    const initializer = graph.initializers.get(name);
    if (initializer !== undefined) {
      copies.set(name, g.parameter(own, initializer).name);
      return own;
    }
    const node = producers.get(name);
    if (node === undefined) throw fail("trainers/training-step", `the pretrained graph has no value "${name}"`);
    const inputs = node.inputs.map(copied);
    const outputs = node.outputs.map((output) =>
      output === "" ? "" : output === name ? own : g.fresh(`pretrained/${output}`),
    );
    node.outputs.forEach((output, i) => void copies.set(output, outputs[i]!));
    g.append({ ...node, name: own, inputs, outputs });
    return own;
  };
  return (name) => g.value(copied(name));
}
