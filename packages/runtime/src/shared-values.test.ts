import { type Engine, float32, type Graph, type Program, type Tensors } from "@graft-ml/core";
import { graphBuilder } from "@graft-ml/graph";
import { beforeAll, describe, expect, it } from "vitest";
import { engineNames, openEngine, probeEngines } from "./engines.ts";

/** `w` becomes `factor · w + mean(x)`; the output is the mean of `w · x` over `x` `[rows, 2]`. */
function step(rows: number, factor: number, width = 2): Graph {
  const g = graphBuilder();
  const x = g.input("x", "float32", [rows, 2]);
  const w = g.input("w", "float32", [width]);
  const mean = g.op("ReduceMean", [x], { axes: [0, 1], keepdims: 0 });
  const next = g.name(g.op("Add", [g.op("Mul", [w, g.scalar(factor)]), mean]), "w/next");
  const seen = g.name(g.op("ReduceSum", [w, g.ints([0])], { keepdims: 0 }), "seen");
  return g.finish([next, seen]);
}

const carry = { w: "w/next" };
const initial = { w: float32([2], [1, 2]) };
const ones = (rows: number): Tensors => ({ x: float32([rows, 2], new Array<number>(2 * rows).fill(1)) });
const seen = async (program: Program, rows: number): Promise<number> =>
  Number((await program.run(ones(rows), ["seen"])).seen!.data[0]);
const held = async (program: Program): Promise<number[]> => Array.from((await program.state()).w!.data, Number);

const probes = await probeEngines();

describe.each(engineNames)("%s: programs that share what they carry", (name) => {
  const probe = probes.find((report) => report.name === name)!;
  if (!probe.available) {
    const demanded = process.env.GRAFT_REQUIRE_ENGINES === "1";
    it.skipIf(!demanded)(`is not available: ${probe.reason}`, () => expect.fail(probe.reason));
    return;
  }
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine(name);
  });

  it("find what a run of the other left, whichever runs", async () => {
    const doubling = await engine.prepare(step(1, 2), { carry, initial });
    const tripling = await engine.prepare(step(3, 3), { carry, shares: doubling });
    const more = await engine.prepare(step(5, 0), { carry, shares: tripling });
    // Sum of w before each run: w ← 2w + 1, 2w + 1, 3w + 1, 2w + 1, 0w + 1.
    const sums = [
      await seen(doubling, 1),
      await seen(doubling, 1),
      await seen(tripling, 3),
      await seen(doubling, 1),
      await seen(more, 5),
    ];
    expect(sums).toEqual([3, 8, 18, 56, 114]);
    for (const program of [doubling, tripling, more]) expect(await held(program)).toEqual([1, 1]);
    await tripling.setState({ w: float32([2], [4, 5]) });
    expect(await seen(more, 5)).toBe(9);
    expect(initial.w.data).toEqual(Float32Array.of(1, 2));
    for (const program of [doubling, tripling, more]) await program.release();
  });

  it("leave the values to the others when they are released", async () => {
    const first = await engine.prepare(step(1, 2), { carry, initial });
    const second = await engine.prepare(step(3, 3), { carry, shares: first });
    await first.run(ones(1));
    await first.release();
    await first.release();
    await expect(first.state()).rejects.toThrow("the program was released");
    await expect(first.setState(initial)).rejects.toThrow("the program was released");
    expect(await held(second)).toEqual([3, 5]);
    expect(await seen(second, 3)).toBe(8);
    const third = await engine.prepare(step(1, 2), { carry, shares: second });
    await second.release();
    expect(await held(third)).toEqual([10, 16]);
    await third.release();
  });

  it("refuse others than those that carry the same on this engine", async () => {
    const first = await engine.prepare(step(1, 2), { carry, initial });
    const where = name === "onnxruntime" ? "[runtime/onnxruntime]" : "[runtime/tfjs]";
    const prepare = (graph: Graph, options: object) => engine.prepare(graph, { carry, shares: first, ...options });
    await expect(prepare(step(1, 2), { initial })).rejects.toThrow(
      `${where} expected initial or shares; received both. Leave one of them out`,
    );
    await expect(prepare(step(1, 2, 1), {})).rejects.toThrow(
      `${where} expected programs that share values to carry the same; "w" is float32 [2] in one, float32 [1] in the other`,
    );
    await expect(prepare(step(1, 2), { carry: {} })).rejects.toThrow(
      `${where} expected programs that share values to carry the same; "w" is float32 [2] in one, missing in the other`,
    );
    const foreign = "expected shares to be a program of this engine that carries values and is not released";
    const gone = await engine.prepare(step(1, 2), { carry, initial });
    await gone.release();
    await expect(prepare(step(1, 2), { shares: gone })).rejects.toThrow(`${where} ${foreign}; received another one`);
    for (const other of engineNames.filter((each) => each !== name)) {
      if (!probes.find((report) => report.name === other)!.available) continue;
      const shares = await (await openEngine(other)).prepare(step(1, 2), { carry, initial });
      await expect(prepare(step(1, 2), { shares })).rejects.toThrow(foreign);
      await shares.release();
    }
    // What was refused holds nothing.
    expect(await held(first)).toEqual([1, 2]);
    await first.release();
  });

  it("need no memory for the values again", () => {
    const graph = step(1, 2, 1_000_000);
    const values = { w: float32([1_000_000], new Float32Array(1_000_000)) };
    const own = engine.predictMemory(graph, {}, { carry, initial: values });
    const shared = engine.predictMemory(graph, {}, { carry });
    expect(own - shared).toBe(name === "onnxruntime" ? 8e6 : 4e6);
  });
});
