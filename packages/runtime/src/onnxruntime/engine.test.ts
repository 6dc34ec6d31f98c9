import { float32 } from "@graft-ml/core";
import { graphBuilder } from "@graft-ml/graph";
import { describe, expect, test } from "vitest";
import { onnxRuntimeEngine } from "./engine.ts";

function doubled() {
  const g = graphBuilder();
  const x = g.input("x", "float32", ["batch", 2]);
  return g.finish([g.name(g.op("Add", [x, x]), "y"), g.name(g.op("Neg", [x]), "z")]);
}

describe.each([false, true])("a program (background: %s)", (background) => {
  test("runs, fetches what is asked for, and is released", async () => {
    const engine = await onnxRuntimeEngine();
    const program = await engine.prepare(doubled(), { background });
    const x = float32([1, 2], [1, -3]);
    expect(await program.run({ x })).toEqual({ y: float32([1, 2], [2, -6]), z: float32([1, 2], [-1, 3]) });
    expect(await program.run({ x }, ["z"])).toEqual({ z: float32([1, 2], [-1, 3]) });
    // The caller's values stay the caller's.
    expect(x.data).toEqual(Float32Array.of(1, -3));
    await expect(program.run({})).rejects.toThrow();
    await program.release();
    await program.release();
    await expect(program.run({ x })).rejects.toThrow("[runtime/onnxruntime] the program was released");
  });

  test("runs that overlap are answered each with its own", async () => {
    const program = await (await onnxRuntimeEngine()).prepare(doubled(), { background });
    const answers = await Promise.all(
      [1, 2, 3, 4].map((value) => program.run({ x: float32([1, 2], [value, value]) }, ["y"])),
    );
    expect(answers.map((answer) => answer.y!.data[0])).toEqual([2, 4, 6, 8]);
    await program.release();
  });
});

describe("carried values", () => {
  test("live on inside the engine, and can be read and replaced", async () => {
    const g = graphBuilder();
    const w = g.input("w", "float32", [2]);
    const next = g.name(g.op("Mul", [w, g.scalar(2)]), "w/next");
    const graph = g.finish([next, g.name(g.op("Neg", [w]), "seen")]);
    const engine = await onnxRuntimeEngine();
    const initial = { w: float32([2], [1, 2]) };
    const program = await engine.prepare(graph, { carry: { w: "w/next" }, initial });
    for (const expected of [-1, -2, -4]) expect((await program.run({})).seen!.data[0]).toBe(expected);
    expect((await program.state()).w!.data).toEqual(Float32Array.of(8, 16));
    expect(initial.w.data).toEqual(Float32Array.of(1, 2));
    await program.setState({ w: float32([2], [5, 5]) });
    expect((await program.run({})).seen!.data[0]).toBe(-5);
    await expect(program.setState({ v: float32([], [1]) })).rejects.toThrow('expected a carried input; received "v"');
    await program.release();
  });

  test("need a first value", async () => {
    const g = graphBuilder();
    const next = g.name(g.op("Neg", [g.input("w", "float32", [1])]), "w/next");
    const engine = await onnxRuntimeEngine();
    await expect(engine.prepare(g.finish([next]), { carry: { w: "w/next" } })).rejects.toThrow(
      '[runtime/onnxruntime] the carried input "w" (from "w/next") has no initial value',
    );
  });
});

test("a graph that ONNX Runtime refuses fails at prepare, in the background as well", async () => {
  const g = graphBuilder();
  const graph = g.finish([g.name(g.op("Neg", [g.input("x", "float32", [1])]), "y")]);
  const broken = { ...graph, opsets: { "": 9999 } };
  const engine = await onnxRuntimeEngine();
  for (const background of [false, true]) await expect(engine.prepare(broken, { background })).rejects.toThrow();
});
