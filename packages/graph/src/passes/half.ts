import { type Graph, type GraphNode, narrowHalves, type Tensor, toNumbers, widenHalves } from "@graft-ml/core";
import { DTYPE_OF } from "../model/elements.ts";

const FLOAT = DTYPE_OF.indexOf("float32");

/** Turns half-precision (float16 or bfloat16) initializers behind a `Cast` into float32 initializers of the same name; no value changes. */
export function widenHalf(graph: Graph): Graph {
  const initializers = new Map(graph.initializers);
  const renamed = new Map<string, string>();
  const outputs = new Set(graph.outputs.map((output) => output.name));
  const nodes = graph.nodes.filter((node) => {
    const source = node.inputs[0]!;
    const half = graph.initializers.get(source);
    const to = node.attributes.to;
    if (node.op !== "Cast" || to?.value !== FLOAT || outputs.has(node.outputs[0]!)) return true;
    if (half?.dtype !== "float16" && half?.dtype !== "bfloat16") return true;
    if (graph.nodes.some((other) => other !== node && other.op !== "Cast" && other.inputs.includes(source)))
      return true;
    const data = half.dtype === "float16" ? widenHalves(half.data as Uint16Array) : (toNumbers(half) as Float32Array);
    initializers.set(source, { dtype: "float32", dims: half.dims, data });
    renamed.set(node.outputs[0]!, source);
    return false;
  });
  return { ...graph, initializers, nodes: nodes.map((node) => rename(node, renamed)) };
}

/** Stores float32 initializers that are exact in half precision as halves behind a `Cast`: half the size, the same numbers. */
export function narrowHalf(graph: Graph, smallest: number = 1024): Graph {
  const initializers = new Map<string, Tensor>();
  const renamed = new Map<string, string>();
  const casts: GraphNode[] = [];
  for (const [name, tensor] of graph.initializers) {
    const half = tensor.dtype === "float32" && tensor.data.length >= smallest ? exactHalf(tensor) : undefined;
    initializers.set(name, half ?? tensor);
    if (half === undefined) continue;
    renamed.set(name, `${name}_f32`);
    casts.push({
      name: `${name}_f32`,
      op: "Cast",
      domain: "",
      inputs: [name],
      outputs: [`${name}_f32`],
      attributes: { to: { type: "int", value: FLOAT } },
    });
  }
  return { ...graph, initializers, nodes: [...casts, ...graph.nodes.map((node) => rename(node, renamed))] };
}

/** Renames the inputs that a node reads. */
export function rename(node: GraphNode, names: ReadonlyMap<string, string>): GraphNode {
  return node.inputs.some((name) => names.has(name))
    ? { ...node, inputs: node.inputs.map((name) => names.get(name) ?? name) }
    : node;
}

function exactHalf(tensor: Tensor): Tensor | undefined {
  const values = tensor.data as Float32Array;
  const bits = narrowHalves(values);
  if (bits === undefined) return undefined;
  const back = widenHalves(bits);
  for (let i = 0; i < values.length; i++) if (!Object.is(back[i], values[i])) return undefined;
  return { dtype: "float16", dims: tensor.dims, data: bits };
}
