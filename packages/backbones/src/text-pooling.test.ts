import { readFileSync } from "node:fs";
import { float32, type Graph, int64, sizeOf, type Tensor, type TextPreprocessing, toNumbers } from "@graft-ml/core";
import { differentiate, emptyGraph, graphBuilder, reduceSum, validate } from "@graft-ml/graph";
import { engineNames, openEngine, probeEngines } from "@graft-ml/runtime";
import { describe, expect, it } from "vitest";
import { pooled } from "./text-pooling.ts";

// Expected values: tools/golden/text_poolings.py, PyTorch in float64.

type Recipe = { readonly seed: number; readonly low: number; readonly high: number };
type Pooling = TextPreprocessing["pooling"];

const golden = JSON.parse(readFileSync(new URL("../golden/text-poolings.json", import.meta.url), "utf8")) as {
  readonly dims: readonly [number, number, number];
  readonly hidden: Recipe;
  readonly loss: Recipe;
  readonly mask: readonly number[][];
  readonly cases: Readonly<Record<string, { readonly y: readonly number[]; readonly gradient: readonly number[] }>>;
};
const [batch, tokens, width] = golden.dims;
const mask = int64([batch, tokens], golden.mask.flat());

/** The recipe of tools/golden/recipe.py. */
function recipe(dims: readonly number[], { seed, low, high }: Recipe): Tensor {
  const value = (_: unknown, i: number): number =>
    low + (high - low) * (((31 * i * i + (7919 + 17 * seed) * i + 104729 * seed) % 65521) / 65521);
  return float32(dims, Array.from({ length: sizeOf(dims) }, value));
}

/** Hidden states that come in as they are. */
function states(opset = 17): Graph {
  const g = graphBuilder(emptyGraph(opset));
  const hidden = g.input("hidden", "float32", ["batch", "tokens", width]);
  g.input("mask", "int64", ["batch", "tokens"]);
  return g.finish([g.op("Identity", [hidden])]);
}

function withLoss(pooling: Pooling): { readonly graph: Graph; readonly gradient: string; readonly features: string } {
  const graph = pooled(states(), "hidden", "mask", pooling);
  const features = graph.outputs[0]!.name;
  const g = graphBuilder(graph, { batch, tokens });
  const weights = g.constant(recipe([batch, width], golden.loss));
  const loss = reduceSum(g, g.op("Mul", [g.value(features), weights]), [0, 1], false);
  const whole = g.finish([g.value(features), g.name(loss, "loss")]);
  const { graph: full, gradients } = differentiate(whole, "loss", ["hidden"]);
  return { graph: full, gradient: gradients.hidden!, features };
}

const far = (found: Tensor, expected: readonly number[]): number => {
  const values = toNumbers(found);
  expect(values).toHaveLength(expected.length);
  return expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - values[i]!)), 0);
};

const probes = await probeEngines();
describe.each(engineNames)("rows made of hidden states on %s", (name) => {
  const probe = probes.find((report) => report.name === name)!;
  if (!probe.available) {
    const demanded = process.env.GRAFT_REQUIRE_ENGINES === "1";
    it.skipIf(!demanded)(`is not available: ${probe.reason}`, () => expect.fail(probe.reason));
    return;
  }
  it.each(Object.keys(golden.cases) as Pooling[])("%s: values and gradients are PyTorch's", async (pooling) => {
    const { graph, gradient, features } = withLoss(pooling);
    const program = await (await openEngine(name)).prepare(graph);
    const inputs = { hidden: recipe(golden.dims, golden.hidden), mask };
    const fed = Object.fromEntries(graph.inputs.map((input) => [input.name, inputs[input.name as "hidden"]]));
    const results = await program.run(fed);
    await program.release();
    expect(far(results[features]!, golden.cases[pooling]!.y)).toBeLessThan(1e-5);
    expect(far(results[gradient]!, golden.cases[pooling]!.gradient)).toBeLessThan(1e-5);
  });
});

describe("the graph", () => {
  it.each([
    ["mean", "features"],
    ["cls", "features.cls"],
    ["last", "features.last"],
    ["max", "features.max"],
  ] as const)("ends with %s at [batch, width] under a name of its own", (pooling, features) => {
    expect(pooled(states(), "hidden", "mask", pooling).outputs).toEqual([
      { name: features, dtype: "float32", dims: ["batch", width] },
    ]);
  });

  it.each([9, 10, 12, 13, 18, 21])("is valid in operator set %i", (opset) => {
    for (const pooling of ["mean", "cls", "last", "max"] as const) {
      const graph = pooled(states(opset), "hidden", "mask", pooling);
      expect(() => validate(graph)).not.toThrow();
      expect(graph.nodes.map(({ op }) => op)).not.toContain("CumSum");
    }
  });

  it("keeps every token where there is no pooling", () => {
    expect(pooled(states(), "hidden", "mask", "none").outputs).toEqual([
      { name: "hidden", dtype: "float32", dims: ["batch", "tokens", width] },
    ]);
  });

  it("is refused where there are no tokens to pool", () => {
    const g = graphBuilder();
    const flat = g.input("flat", "float32", ["batch", 3]);
    expect(() => pooled(g.finish([g.op("Identity", [flat])]), "flat", "mask", "mean")).toThrow(
      '[backbones/pooling] expected "flat" to be [batch, tokens, width]; received [batch, 3]',
    );
  });
});
