import { float32, type Graph, seededRandom, sizeOf, type Tensor, type Tensors, tensor } from "@graft-ml/core";
import { differentiate, graphBuilder } from "@graft-ml/graph";
import { memory } from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { onEachBackend } from "./available.fixture.ts";
import { tfjsEngine } from "./engine.ts";
import { looseBuilder } from "./loose-builder.fixture.ts";

function random(dims: readonly number[], seed: string): Tensor {
  const stream = seededRandom(seed);
  return float32(
    dims,
    Array.from({ length: sizeOf(dims) }, () => stream.normal() * 0.5),
  );
}

const shapes = { w1: [4, 3, 3, 3], b1: [4], w2: [4, 1, 3, 3], w3: [4, 2] } as const;

/** A small convnet with its SGD step: weights are inputs, updated weights outputs. */
function step(): { graph: Graph; carry: Record<string, string>; initial: Tensors } {
  const g = graphBuilder();
  const x = g.input("x", "float32", [2, 3, 8, 8]);
  const t = g.input("t", "float32", [2, 2]);
  const [w1, b1, w2, w3] = Object.entries(shapes).map(([name, dims]) => g.input(name, "float32", dims)) as [
    typeof x,
    typeof x,
    typeof x,
    typeof x,
  ];
  const first = g.op("Clip", [
    g.op("Conv", [x, w1, b1], { pads: [1, 1, 1, 1], strides: [2, 2] }),
    g.scalar(0),
    g.scalar(6),
  ]);
  const second = g.op("Relu", [g.op("Conv", [first, w2], { group: 4, pads: [1, 1, 1, 1] })]);
  const pooled = g.op("Flatten", [g.op("GlobalAveragePool", [g.op("Add", [first, second])])]);
  const error = g.op("Sub", [g.op("MatMul", [pooled, w3]), t]);
  const loss = g.name(g.op("ReduceMean", [g.op("Mul", [error, error])], { keepdims: 0 }), "loss");
  const names = Object.keys(shapes);
  const { graph, gradients } = differentiate(g.finish([loss]), "loss", names);
  const open = graphBuilder(graph);
  const updated = names.map((name) =>
    open.name(
      open.op("Sub", [open.value(name), open.op("Mul", [open.value(gradients[name]!), open.scalar(0.2)])]),
      `${name}.next`,
    ),
  );
  return {
    graph: open.finish([open.value("loss"), ...updated]),
    carry: Object.fromEntries(names.map((name) => [name, `${name}.next`])),
    initial: Object.fromEntries(Object.entries(shapes).map(([name, dims]) => [name, random(dims, name)])),
  };
}

const batch = { x: random([2, 3, 8, 8], "x"), t: random([2, 2], "t") };

onEachBackend("programs", (backend) => {
  let engine: Awaited<ReturnType<typeof tfjsEngine>>;
  beforeAll(async () => {
    engine = await tfjsEngine({ backend });
  });

  it("trains with weights that stay inside, and gives back every tensor", async () => {
    const before = memory().numTensors;
    const { graph, carry, initial } = step();
    const program = await engine.prepare(graph, { carry, initial });
    const losses: number[] = [];
    const held: number[] = [];
    for (let i = 0; i < 20; i++) {
      losses.push(Number((await program.run(batch)).loss!.data[0]));
      held.push(memory().numTensors);
    }
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
    expect(new Set(held.slice(2)).size).toBe(1);
    await program.release();
    await program.release();
    expect(memory().numTensors).toBe(before);
    await expect(program.run(batch)).rejects.toThrow("[runtime/tfjs] the program was released");
  });

  it("computes the same with weights that are fed at every run", async () => {
    const { graph, carry, initial } = step();
    const [inside, outside] = [await engine.prepare(graph, { carry, initial }), await engine.prepare(graph)];
    let weights = initial;
    for (let i = 0; i < 3; i++) {
      await inside.run(batch, []);
      const results = await outside.run({ ...batch, ...weights });
      weights = Object.fromEntries(Object.entries(carry).map(([name, next]) => [name, results[next]!]));
    }
    const state = await inside.state();
    for (const [name, { data, dims }] of Object.entries(weights)) {
      expect(state[name]!.dims).toEqual(dims);
      for (const [i, n] of (data as Float32Array).entries()) expect(state[name]!.data[i]).toBeCloseTo(n, 5);
    }
    await Promise.all([inside.release(), outside.release()]);
  });

  it("starts again from a state that is set", async () => {
    const { graph, carry, initial } = step();
    const program = await engine.prepare(graph, { carry, initial });
    const first = await program.run(batch);
    await program.run(batch);
    await program.setState(initial);
    expect((await program.run(batch)).loss!.data).toEqual(first.loss!.data);
    await expect(program.setState({ w4: initial.w1! })).rejects.toThrow('unknown carried input "w4"');
    await program.release();
  });

  it("keeps the values that the caller may change afterwards", async () => {
    const { graph, carry } = step();
    const initial = Object.fromEntries(Object.entries(shapes).map(([name, dims]) => [name, random(dims, name)]));
    const program = await engine.prepare(graph, { carry, initial });
    const expected = Float32Array.from(initial.w1!.data as Float32Array);
    (initial.w1!.data as Float32Array).fill(0);
    expect((await program.state()).w1!.data).toEqual(expected);
    await program.release();
  });

  it("passes inputs and constants through to outputs", async () => {
    const g = looseBuilder();
    const x = g.input("x", "float32", [2]);
    const program = await engine.prepare(g.finish([x, g.constant(float32([1], [7])), g.ints([5])]));
    const results = await program.run({ x: float32([2], [1, 2]) });
    expect(Object.values(results).map(({ data }) => Array.from(data as Float32Array, Number))).toEqual([
      [1, 2],
      [7],
      [5],
    ]);
    await program.release();
  });

  it("takes an input's initializer as its default", async () => {
    const g = looseBuilder();
    const x = g.input("x", "float32", [2]);
    const graph = g.finish([g.op("Neg", [g.op("Neg", [x])])]);
    const program = await engine.prepare({ ...graph, initializers: new Map([["x", float32([2], [1, 2])]]) });
    const [byDefault, fed] = [await program.run({}), await program.run({ x: float32([2], [3, 4]) })];
    expect(Object.values(byDefault)[0]!.data).toEqual(Float32Array.of(1, 2));
    expect(Object.values(fed)[0]!.data).toEqual(Float32Array.of(3, 4));
    await program.release();
  });

  it("names the node whose operator it lacks", async () => {
    const g = looseBuilder();
    const out = g.op("Foo", [g.input("x", "float32", [2])]);
    await expect(engine.prepare(g.finish([out]))).rejects.toThrow(
      '[runtime/tfjs] node "Foo0" uses operator "Foo" (opset 17), which this engine cannot run',
    );
  });

  it("refuses doubles rather than computing them in fewer bits", async () => {
    const g = looseBuilder();
    const out = g.op("Add", [g.input("x", "float64", [1]), g.constant(tensor("float64", [1], Float64Array.of(1)))]);
    await expect(engine.prepare(g.finish([out]))).rejects.toThrow('node "Add0" (Add) computes in float64 ("x")');
  });

  it("names inputs and outputs that are missing or unknown", async () => {
    const g = looseBuilder();
    const out = g.op("Relu", [g.input("x", "float32", [1])]);
    const before = memory().numTensors;
    const program = await engine.prepare(g.finish([out]));
    await expect(program.run({})).rejects.toThrow('expected input "x"');
    await expect(program.run({ y: float32([1], [1]) })).rejects.toThrow('unknown input "y"');
    await expect(program.run({ x: float32([1], [1]) }, ["z"])).rejects.toThrow('unknown output "z"');
    await program.release();
    expect(memory().numTensors).toBe(before);
  });

  it("frees everything when a node fails", async () => {
    const before = memory().numTensors;
    const g = looseBuilder();
    const x = g.input("x", "float32", [2, 3]);
    const program = await engine.prepare(g.finish([g.op("MatMul", [g.op("Relu", [x]), x])]));
    await expect(program.run({ x: random([2, 3], "x") })).rejects.toThrow('node "MatMul1" (MatMul) failed');
    await program.release();
    expect(memory().numTensors).toBe(before);
  });
});
