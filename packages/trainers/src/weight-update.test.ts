import { float32, type Tensor } from "@graft-ml/core";
import { graphBuilder } from "@graft-ml/graph";
import { openEngine } from "@graft-ml/runtime";
import { expect, test } from "vitest";
import { adamw } from "./optimizers/adamw.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import { sgd } from "./optimizers/sgd.ts";
import { weightUpdates } from "./weight-update.ts";

const SHAPES: Readonly<Record<string, readonly number[]>> = {
  kernel: [2, 3],
  bias: [3],
  scale: [4],
  slow: [2],
  shift: [1],
};

/** One update of every variable, as values by output name. */
async function updated(
  optimizer: Optimizer,
): Promise<{ readonly values: Readonly<Record<string, Tensor>>; readonly nodes: number }> {
  const g = graphBuilder();
  const variable = (name: string, seed: number): Tensor => {
    const dims = SHAPES[name]!;
    const size = dims.reduce((a, b) => a * b, 1);
    return float32(
      dims,
      Array.from({ length: size }, (_, i) => Math.sin(seed + 3 * i) + 1.5),
    );
  };
  const rate = g.constant(float32([], [0.1]));
  const scalars = Object.fromEntries(
    Object.entries(optimizer.scalars(3)).map(([name, value]) => [name, g.constant(value)]),
  );
  const variables = Object.keys(SHAPES).map((name, i) => ({
    name,
    parameter: g.parameter(name, variable(name, i)),
    gradient: g.constant(variable(name, 10 + i)),
    slots: Object.fromEntries(optimizer.slots.map((slot, k) => [slot, g.constant(variable(name, 20 + 5 * k + i))])),
    rate: name === "slow" ? 0.5 : 1,
  }));
  const outputs = [...weightUpdates(g, variables, { optimizer, rate, scalars })].flatMap(
    ([name, { parameter, slots }]) => [
      g.name(parameter, `${name}/next`),
      ...Object.entries(slots).map(([slot, value]) => g.name(value, `${name}/${slot}`)),
    ],
  );
  const graph = g.finish(outputs);
  const program = await (await openEngine("onnxruntime")).prepare(graph);
  const values = await program.run({});
  await program.release();
  return { values, nodes: graph.nodes.length };
}

test.each([adamw(), sgd({ momentum: 0.9, weightDecay: 0.1 }), sgd()])(
  "vectors of one rate are updated as one to the same numbers: $name",
  async (optimizer) => {
    const together = await updated(optimizer);
    const alone = await updated({ ...optimizer, elementwise: false });
    expect(Object.keys(together.values).sort()).toEqual(Object.keys(alone.values).sort());
    expect(together.values).toEqual(alone.values);
    expect(together.nodes).not.toBe(alone.nodes);
  },
);
