import type { Graph, GraphNode } from "@graft-ml/core";
import { attributesOf } from "../operator.ts";
import type { Decompose } from "../operators/decomposition.ts";
import { decomposeGru } from "../operators/gru.ts";
import { decomposeLstm } from "../operators/lstm.ts";
import { decomposeRnn } from "../operators/rnn.ts";
import { rewrite } from "../rewrite.ts";
import { dropDead } from "./dead-nodes.ts";

const UNROLLED: Readonly<Record<string, Decompose>> = { GRU: decomposeGru, LSTM: decomposeLstm, RNN: decomposeRnn };

/**
 * Writes `LSTM`, `GRU` and `RNN` step by step in standard operators. Sequence and batch must have numbers, given in `bindings`
 * where the graph names them. Worth it before differentiating: a backward pass would compute the steps a second time.
 */
export function unrollRecurrent(graph: Graph, bindings: Readonly<Record<string, number>> = {}): Graph {
  if (!graph.nodes.some(isRecurrent)) return graph;
  const whole = { ...graph, nodes: graph.nodes.map((node) => (isRecurrent(node) ? named(node) : node)) };
  const unrolled = rewrite(
    whole,
    (node, g) => {
      if (!isRecurrent(node)) return undefined;
      return UNROLLED[node.op]!({
        node,
        attributes: attributesOf(node),
        inputs: node.inputs.map((name) => (name === "" ? undefined : g.value(name))),
        constant: (index) => g.constantOf(node.inputs[index] ?? ""),
        g,
      }).slice(0, node.outputs.length);
    },
    bindings,
  );
  return dropDead(unrolled, { keepInputs: true });
}

function isRecurrent({ op, domain }: GraphNode): boolean {
  return domain === "" && Object.hasOwn(UNROLLED, op);
}

/** Outputs left out get names, under which what replaces them is dropped as dead. */
function named(node: GraphNode): GraphNode {
  return { ...node, outputs: node.outputs.map((name, i) => (name === "" ? `${node.name}/unread ${i}` : name)) };
}
