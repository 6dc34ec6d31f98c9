import { float32, sizeOf, type Tensor, toNumbers } from "@graft-ml/core";
import { differentiate, graphBuilder, reduceSum } from "@graft-ml/graph";
import { beforeAll, describe, expect, it } from "vitest";
import { contributedCases } from "./contributed.cases.ts";
import { engineNames, openEngine, probeEngines } from "./engines.ts";
import { difference, filled, judged, type LayerCase, prepared } from "./layers.fixture.ts";
import { padCases } from "./pad.cases.ts";
import { quantizedCases } from "./quantized.cases.ts";
import { recurrentCases } from "./recurrent.cases.ts";
import { resizeCases } from "./resize.cases.ts";

const cases: readonly LayerCase[] = [
  ...padCases,
  ...resizeCases,
  ...recurrentCases,
  ...quantizedCases,
  ...contributedCases,
];
/** Names in full, which vitest would shorten. */
const named = (all: readonly LayerCase[]): [string, LayerCase][] => all.map((one) => [one.name, one]);
const probes = await probeEngines();

describe.each(engineNames)("%s agrees with plain ONNX Runtime", (name) => {
  const probe = probes.find((report) => report.name === name)!;
  if (!probe.available) {
    const demanded = process.env.GRAFT_REQUIRE_ENGINES === "1";
    it.skipIf(!demanded)(`is not available: ${probe.reason}`, () => expect.fail(probe.reason));
    return;
  }
  let engine: Awaited<ReturnType<typeof openEngine>>;
  beforeAll(async () => {
    engine = await openEngine(name);
  });

  it.each(named(cases))("%s", async (_, one) => {
    const { graph, feeds, outputs } = prepared(one);
    const expected = await judged(graph, feeds);
    const program = await engine.prepare(graph);
    try {
      const found = await program.run(feeds);
      for (const { name, dtype, dims } of outputs) {
        const [mine, theirs] = [found[name]!, expected[name]!];
        if (dims.every((dim) => typeof dim === "number")) expect(dims).toEqual(theirs.dims);
        expect([mine.dtype, mine.dims]).toEqual([theirs.dtype, theirs.dims]);
        expect(dtype).toBe(theirs.dtype);
        expect(difference(mine, theirs)).toBeLessThanOrEqual(one.tolerance ?? 2e-6);
      }
    } finally {
      await program.release();
    }
  });

  // f(x) = A x + b: the gradient of w·f is Aᵀw, so that its product with any x is w·f(x) − w·f(0).
  it.each(named(cases.filter(({ affine }) => affine)))("gradient of %s", async (_, one) => {
    const { graph, feeds, outputs } = prepared(one);
    const g = graphBuilder(graph);
    const y = g.value(outputs[0]!.name);
    const dims = y.dims as number[];
    const weights = filled({ dtype: "float32", dims }, "weights");
    const loss = reduceSum(
      g,
      g.op("Mul", [y, g.constant(weights)]),
      dims.map((_, i) => i),
      false,
    );
    const whole = differentiate(g.finish([loss]), loss.name, ["x0"]);
    const program = await engine.prepare(whole.graph);
    try {
      const at = async (x: Tensor): Promise<{ value: number; gradient: Float32Array }> => {
        const found = await program.run({ ...feeds, x0: x });
        // The engine's own sum is one of float32; the values themselves are ONNX Runtime's.
        const output = (await judged(graph, { ...feeds, x0: x }))[y.name]!;
        return { value: dot(output, weights), gradient: found[whole.gradients.x0!]!.data as Float32Array };
      };
      const x = feeds.x0!;
      const origin = await at(float32(x.dims, new Float32Array(sizeOf(x.dims))));
      for (const seed of ["first", "second", "third"]) {
        const point = filled({ dtype: "float32", dims: x.dims }, seed);
        const { value, gradient } = await at(point);
        const scale = Math.sqrt(gradient.reduce((sum, v) => sum + v * v, 0)) + 1;
        expect(Math.abs(dot(float32(x.dims, gradient), point) - (value - origin.value)) / scale).toBeLessThan(2e-5);
      }
    } finally {
      await program.release();
    }
  });
});

function dot(a: Tensor, b: Tensor): number {
  const [left, right] = [toNumbers(a), toNumbers(b)];
  let sum = 0;
  for (let i = 0; i < left.length; i++) sum += left[i]! * right[i]!;
  return sum;
}
