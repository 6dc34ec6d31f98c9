import { type Engine, float32, type Graph, type Tensor, type Tensors } from "@graft-ml/core";
import { asInputs, backward, graphBuilder } from "@graft-ml/graph";
import { copied } from "./run-once.ts";

/** Steps of plain gradient descent. */
export interface Descent {
  readonly graph: Graph;
  /** Name of the scalar loss. */
  readonly loss: string;
  /** Initializers that train, each with its rate. */
  readonly rates: Readonly<Record<string, number>>;
  /** Initializer → value that replaces it after each step, as running statistics have. */
  readonly updates?: Readonly<Record<string, string>>;
  readonly inputs: Tensors;
  readonly batch: number;
  readonly steps: number;
}

/** Descends and returns the loss before every step, and the values afterwards. */
export async function descend(engine: Engine, descent: Descent): Promise<{ losses: number[]; values: Tensors }> {
  const { graph, loss, rates, updates = {}, inputs, steps } = descent;
  const names = Object.keys(rates);
  const kept = [...names, ...Object.keys(updates)];
  const g = graphBuilder(asInputs(graph, kept), { batch: descent.batch });
  const gradients = backward(g, graph.nodes, graph.opsets, g.value(loss), names);
  const carry: Record<string, string> = {};
  for (const name of names) {
    const move = g.op("Mul", [gradients[name], g.scalar(rates[name]!)]);
    carry[name] = g.name(g.op("Sub", [g.value(name), move]), `${name}/next`).name;
  }
  for (const [name, update] of Object.entries(updates)) carry[name] = g.name(g.value(update), `${name}/next`).name;
  const initial = Object.fromEntries(kept.map((name) => [name, graph.initializers.get(name)!]));
  const step = g.finish([loss, ...Object.values(carry)].map((name) => g.value(name)));
  const program = await engine.prepare(step, { carry, initial, threads: 1 });
  try {
    const losses: number[] = [];
    for (let i = 0; i < steps; i++) losses.push(Number((await program.run(inputs, [loss]))[loss]!.data[0]));
    return { losses, values: copied(await program.state()) };
  } finally {
    await program.release();
  }
}

/** The graph with other values for some of its initializers. */
export function withValues(graph: Graph, values: Tensors): Graph {
  return { ...graph, initializers: new Map<string, Tensor>([...graph.initializers, ...Object.entries(values)]) };
}

/** A tensor of ones, as sample weights are. */
export function ones(length: number): Tensor {
  return float32([length], new Float32Array(length).fill(1));
}
