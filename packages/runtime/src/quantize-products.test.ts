import { float32, type Graph, seededRandom, type Tensor, type Tensors } from "@graft-ml/core";
import { graphBuilder, quantizeProducts } from "@graft-ml/graph";
import { describe, expect, test } from "vitest";
import { engineNames, openEngine, probeEngines } from "./engines.ts";

const random = seededRandom(5);
const draw = (dims: readonly number[]): Tensor =>
  float32(
    dims,
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.normal()),
  );
const weights = { large: draw([64, 96]), other: draw([64, 64]), small: draw([96, 8]) };
const x = draw([2, 5, 64]);

/** Two large products that read one value, and a small one behind. */
function model(): Graph {
  const g = graphBuilder();
  const input = g.input("x", "float32", ["batch", 5, 64]);
  const [large, other, small] = Object.entries(weights).map(([name, tensor]) => g.parameter(name, tensor));
  const hidden = g.op("MatMul", [input, large]);
  const y = g.name(g.op("MatMul", [g.op("Relu", [hidden]), small]), "y");
  return g.finish([y, g.name(hidden, "hidden"), g.name(g.op("MatMul", [input, other]), "z")]);
}

describe("products with constant matrices as integer ones", () => {
  const quantized = quantizeProducts(model());

  test("take large matrices alone, share what they read, and drop the floats", () => {
    const count = (op: string): number => quantized.nodes.filter((node) => node.op === op).length;
    expect([count("MatMulInteger"), count("MatMul"), count("DynamicQuantizeLinear")]).toEqual([2, 1, 1]);
    const kinds = [...quantized.initializers].filter(([, { data }]) => data.length > 500).map(([, { dtype }]) => dtype);
    expect(kinds.sort()).toEqual(["float32", "int8", "int8"]);
  });

  test("need the operator that quantises at run time", () => {
    expect(() => quantizeProducts({ ...model(), opsets: { "": 10 } })).toThrow(
      "[graph/quantize] expected a model of operator set 11 or later; this one has 10",
    );
  });

  const probes = probeEngines();
  test.each(engineNames)("stay as close as their steps are fine on %s", async (name) => {
    if (!(await probes).find((probe) => probe.name === name)!.available) {
      expect(process.env.GRAFT_REQUIRE_ENGINES).not.toBe("1");
      return;
    }
    const engine = await openEngine(name);
    const results: Tensors[] = [];
    for (const graph of [model(), quantized]) {
      const program = await engine.prepare(graph);
      results.push(await program.run({ x }));
      await program.release();
    }
    const [exact, approximate] = results.map(({ hidden }) => hidden!.data as Float32Array) as [
      Float32Array,
      Float32Array,
    ];
    // Rounding x to 255 steps and w to 64 a side adds independent errors over the 64 terms of a sum.
    const range = Math.max(...(x.data as Float32Array)) - Math.min(...(x.data as Float32Array));
    const top = Math.max(...(weights.large.data as Float32Array).map(Math.abs));
    const bound = 6 * Math.sqrt((64 * ((range / 255) ** 2 + (top / 64) ** 2)) / 12);
    const errors = exact.map((value, i) => Math.abs(value - approximate[i]!));
    expect(Math.max(...errors)).toBeLessThan(bound);
    expect(Math.max(...errors)).toBeGreaterThan(0);
  });
});
