import type { Graph, Tensor, Tensors } from "@graft-ml/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { graphBuilder } from "../builder.ts";
import { cut, upTo } from "../cut.ts";
import { reshape } from "../emit.ts";
import { cutPoints, layerGroups } from "../groups.ts";
import { readModel } from "../model/read.ts";
import { validate } from "../model/validate.ts";
import { writeModel } from "../model/write.ts";
import { peakMemory } from "../peak-memory.ts";
import { rewrite } from "../rewrite.ts";
import { drawn, tinyNetwork } from "../tiny.fixture.ts";
import { dropDead } from "./dead-nodes.ts";
import { dropIdentities } from "./drop-identities.ts";
import { foldBatchNorm } from "./fold-batch-norm.ts";
import { fuse } from "./fuse.ts";
import { narrowHalf, widenHalf } from "./half.ts";
import { liveBatchNorm } from "./live-batch-norm.ts";
import { mergeDuplicates } from "./merge-duplicates.ts";

let ort: typeof import("onnxruntime-node");
beforeAll(async () => {
  ort = await import("onnxruntime-node");
});

/** The oracle: ONNX Runtime on the written file. */
async function run(graph: Graph, inputs: Tensors): Promise<Tensors> {
  const session = await ort.InferenceSession.create(writeModel(graph), { intraOpNumThreads: 1 });
  open.push(session);
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, dims, data }]) => [
      name,
      new ort.Tensor(dtype as "float32", data as Float32Array, dims),
    ]),
  );
  const results = await session.run(feeds);
  return Object.fromEntries(
    Object.entries(results).map(([name, value]) => [
      name,
      { dtype: "float32", dims: value.dims, data: value.data } as Tensor,
    ]),
  );
}
const open: { release(): Promise<void> }[] = [];
afterAll(async () => {
  for (const session of open) await session.release();
});

function expectClose(a: Tensor | undefined, b: Tensor | undefined, tolerance = 1e-5): void {
  expect(a?.dims).toEqual(b?.dims);
  const [x, y] = [a!.data as Float32Array, b!.data as Float32Array];
  const scale = Math.max(1, ...y.map(Math.abs));
  expect(Math.max(...x.map((value, i) => Math.abs(value - y[i]!))) / scale).toBeLessThan(tolerance);
}

const image = drawn([2, 3, 8, 8]);

describe("passes keep what the graph computes", () => {
  test("foldBatchNorm, everything frozen", async () => {
    const graph = tinyNetwork();
    const folded = foldBatchNorm(graph);
    expect(folded.nodes.some((node) => node.op === "BatchNormalization")).toBe(false);
    validate(folded);
    expectClose((await run(folded, { image })).logits, (await run(graph, { image })).logits);
  });

  test("foldBatchNorm leaves a trained kernel as it is and scales it by a node", async () => {
    const graph = tinyNetwork();
    const folded = foldBatchNorm(graph, new Set(["blocks.1.project.weight"]));
    expect(folded.initializers.get("blocks.1.project.weight")).toBe(graph.initializers.get("blocks.1.project.weight"));
    expect(folded.nodes.filter((node) => node.op === "Mul")).toHaveLength(1);
    expectClose((await run(folded, { image })).logits, (await run(graph, { image })).logits);
  });

  test("foldBatchNorm leaves a normalisation whose own scale trains", () => {
    const folded = foldBatchNorm(tinyNetwork(), new Set(["stem.bn.weight"]));
    expect(folded.nodes.filter((node) => node.op === "BatchNormalization")).toHaveLength(1);
  });

  test("foldBatchNorm does not fold into a convolution that someone else reads", () => {
    const graph = tinyNetwork();
    const conv = graph.nodes.find((node) => node.op === "Conv")!;
    const spied = {
      ...graph,
      outputs: [...graph.outputs, { name: conv.outputs[0]!, dtype: "float32" as const, dims: ["batch", 4, 4, 4] }],
    };
    expect(foldBatchNorm(spied).nodes.filter((node) => node.op === "BatchNormalization")).toHaveLength(1);
  });

  test("liveBatchNorm normalises with the batch and moves the running statistics", async () => {
    const g = graphBuilder();
    const x = g.input("x", "float32", ["batch", 2, 3, 3]);
    const names = ["scale", "shift", "mean", "var"] as const;
    const values = { scale: drawn([2], 0.5, 1.5), shift: drawn([2]), mean: drawn([2]), var: drawn([2], 0.5, 1.5) };
    const y = g.op("BatchNormalization", [x, ...names.map((name) => g.parameter(name, values[name]))], {
      epsilon: { float: 1e-3 },
      momentum: { float: 0.8 },
    });
    const { graph, updates } = liveBatchNorm(g.finish([g.name(y, "y")]), undefined, { batch: 4 });
    const withUpdates = {
      ...graph,
      outputs: [
        ...graph.outputs,
        ...Object.values(updates).map((name) => ({ name, dtype: "float32" as const, dims: [2] })),
      ],
    };
    const input = drawn([4, 2, 3, 3], -2, 3);
    const out = await run(withUpdates, { x: input });
    for (const channel of [0, 1]) {
      const own = [...(input.data as Float32Array)].filter((_, i) => Math.floor(i / 9) % 2 === channel);
      const mean = own.reduce((a, b) => a + b, 0) / own.length;
      const variance = own.reduce((a, b) => a + (b - mean) ** 2, 0) / own.length;
      expect((out[updates.mean!]!.data as Float32Array)[channel]).toBeCloseTo(
        0.8 * Number(values.mean.data[channel]) + 0.2 * mean,
        5,
      );
      expect((out[updates.var!]!.data as Float32Array)[channel]).toBeCloseTo(
        0.8 * Number(values.var.data[channel]) + 0.2 * variance,
        5,
      );
      const first =
        ((own[0]! - mean) / Math.sqrt(variance + 1e-3)) * Number(values.scale.data[channel]) +
        Number(values.shift.data[channel]);
      expect((out.y!.data as Float32Array)[channel * 9]).toBeCloseTo(first, 5);
    }
  });

  test("narrowHalf halves exact weights and widenHalf brings them back bit by bit", async () => {
    const graph = tinyNetwork();
    const exact = new Map(graph.initializers);
    const kernel = exact.get("stem.conv.weight")!;
    exact.set("stem.conv.weight", {
      ...kernel,
      data: Float32Array.from(kernel.data as Float32Array, (v) => Math.round(v * 256) / 256),
    });
    const before = { ...graph, initializers: exact };
    const narrow = narrowHalf(before, 1);
    expect(narrow.initializers.get("stem.conv.weight")?.dtype).toBe("float16");
    expect(narrow.initializers.get("classifier.weight")?.dtype).toBe("float32");
    expect(widenHalf(readModel(writeModel(narrow)))).toEqual(before);
    expect((await run(narrow, { image })).logits).toEqual((await run(before, { image })).logits);
  });

  test("dropDead removes what no output needs", () => {
    const graph = tinyNetwork();
    const short = dropDead({ ...graph, outputs: [{ name: "features", dtype: "float32", dims: ["batch", 4] }] });
    expect(short.initializers.has("classifier.weight")).toBe(false);
    expect(short.nodes).toHaveLength(graph.nodes.length - 2);
  });

  test("dropIdentities removes chains but keeps names of outputs", async () => {
    const g = graphBuilder();
    const x = g.input("x", "float32", [2]);
    const y = g.op("Neg", [g.op("Identity", [g.op("Identity", [x])])]);
    const graph = dropIdentities(g.finish([g.name(y, "y")]));
    expect(graph.nodes.map((node) => node.op)).toEqual(["Neg", "Identity"]);
    expect(graph.nodes[0]!.inputs).toEqual(["x"]);
  });
});

describe("fusion", () => {
  test("a reshape of a reshape, and one that changes nothing", async () => {
    const g = graphBuilder();
    const x = g.input("x", "float32", [2, 6]);
    const y = g.op("Neg", [reshape(g, reshape(g, x, [3, 4]), [4, 3])]);
    const graph = g.finish([g.name(reshape(g, reshape(g, y, [12]), [4, 3]), "y")]);
    const fused = fuse(graph);
    expect(fused.nodes.map((node) => node.op)).toEqual(["Reshape", "Neg", "Identity"]);
    const input = drawn([2, 6]);
    expect(await run(fused, { x: input })).toEqual(await run(graph, { x: input }));
  });

  test("transposes compose, and cancel", async () => {
    const g = graphBuilder();
    const x = g.input("x", "float32", [2, 3, 4]);
    const twice = g.op("Transpose", [g.op("Transpose", [x], { perm: [2, 0, 1] })], { perm: [2, 0, 1] });
    const back = g.op("Transpose", [g.op("Transpose", [x], { perm: [1, 0, 2] })], { perm: [1, 0, 2] });
    const graph = g.finish([g.name(twice, "twice"), g.name(g.op("Neg", [back]), "back")]);
    const fused = dropIdentities(fuse(graph));
    expect(fused.nodes.filter((node) => node.op === "Transpose")).toHaveLength(1);
    const input = drawn([2, 3, 4]);
    expect(await run(fused, { x: input })).toEqual(await run(graph, { x: input }));
  });

  test("a product plus a bias becomes Gemm, but not where the product is read twice", async () => {
    const build = (spied: boolean) => {
      const g = graphBuilder();
      const product = g.op("MatMul", [g.input("x", "float32", [2, 3]), g.parameter("w", drawn([3, 4]))]);
      const y = g.name(g.op("Add", [g.parameter("b", drawn([4])), product]), "y");
      return g.finish(spied ? [y, g.name(product, "product")] : [y]);
    };
    expect(fuse(build(true)).nodes.some((node) => node.op === "MatMul")).toBe(true);
    const graph = build(false);
    const fused = fuse(graph);
    expect(fused.nodes.map((node) => node.op)).toEqual(["Gemm", "Identity"]);
    const input = drawn([2, 3]);
    expectClose((await run(fused, { x: input })).y, (await run(graph, { x: input })).y, 1e-6);
  });

  test("equal nodes are computed once, whatever the order of their attributes", async () => {
    const g = graphBuilder();
    const x = g.input("x", "float32", [2, 3]);
    const a = g.op("Softmax", [g.op("Exp", [x])], { axis: 1 });
    const b = g.op("Softmax", [g.op("Exp", [x])], { axis: 1 });
    const c = g.op("Softmax", [g.op("Exp", [x])], { axis: 0 });
    const graph = g.finish([g.name(g.op("Add", [g.op("Add", [a, b]), c]), "y")]);
    const merged = mergeDuplicates(graph);
    expect(merged.nodes.map((node) => node.op)).toEqual(["Exp", "Softmax", "Softmax", "Add", "Add", "Identity"]);
    const input = drawn([2, 3]);
    expect(await run(merged, { x: input })).toEqual(await run(graph, { x: input }));
  });
});

test("rewriting keeps clear of names that come later", () => {
  const g = graphBuilder();
  const x = g.input("x", "float32", [2]);
  const y = g.op("Neg", [g.op("Neg", [x])]);
  const graph = g.finish([g.name(g.op("Exp", [y]), "y")]);
  const doubled = rewrite(graph, (node, open) =>
    node.op === "Neg" ? [open.op("Neg", [open.op("Neg", [open.op("Neg", [open.value(node.inputs[0]!)])])])] : undefined,
  );
  validate(doubled);
  expect(doubled.nodes.filter((node) => node.op === "Neg")).toHaveLength(6);
});

test("peak memory follows the life of values", () => {
  const g = graphBuilder();
  const x = g.input("x", "float32", ["batch", 100]);
  const wide = g.op("Concat", [x, x, x], { axis: 1 });
  const y = g.name(g.op("ReduceSum", [g.op("Neg", [wide]), g.ints([1])], { keepdims: 0 }), "y");
  const peak = peakMemory(g.finish([y]), { batch: 10 });
  // The concatenation (12,000 bytes) and its negation live at the same time; the axes are one int64.
  expect(peak).toEqual({ initializers: 8, inputs: 4000, values: 24_000 });
});

describe("cutting", () => {
  test("cut points are found, inside residual blocks there are none", () => {
    const graph = tinyNetwork();
    const points = cutPoints(graph, "image");
    const producer = (name: string) => graph.nodes.find((node) => node.outputs.includes(name))!.op;
    expect(points.map(producer)).toEqual([
      "Conv",
      "BatchNormalization",
      "Relu",
      "Add",
      "Add",
      "GlobalAveragePool",
      "Flatten",
      "Identity",
      "Gemm",
      "Identity",
    ]);
  });

  test("layer groups follow the modules", () => {
    const groups = layerGroups(upTo(tinyNetwork(), ["features"]), "image");
    expect(groups.map((group) => group.name)).toEqual(["stem", "blocks.0", "blocks.1"]);
    expect(groups[0]!.initializers).toEqual([
      "stem.conv.weight",
      "stem.bn.weight",
      "stem.bn.bias",
      "stem.bn.running_mean",
      "stem.bn.running_var",
    ]);
    expect(groups.at(-1)!.boundary).toBe("features");
  });

  test("both halves are valid models, and one after the other is the whole", async () => {
    const graph = tinyNetwork();
    const whole = (await run(graph, { image })).logits;
    for (const { boundary } of layerGroups(graph, "image").slice(0, -1)) {
      const { prefix, suffix } = cut(graph, [boundary]);
      for (const half of [prefix, suffix]) validate(readModel(writeModel(half)));
      const middle = await run(prefix, { image });
      expectClose((await run(suffix, middle)).logits, whole, 1e-6);
    }
  });

  test("a boundary is a set: several values at once", async () => {
    const graph = tinyNetwork();
    const inside = graph.nodes.filter((node) => node.op === "Clip").map((node) => node.outputs[0]!);
    const adds = graph.nodes.filter((node) => node.op === "Add").map((node) => node.outputs[0]!);
    // The first block's inner value alone does not separate: the skip path still needs the image.
    const leaky = cut(graph, [inside[0]!]);
    expect(leaky.suffix.inputs.map((input) => input.name).sort()).toEqual([inside[0]!, "image"].sort());
    const { prefix, suffix } = cut(graph, [adds[0]!, inside[1]!]);
    expect(suffix.inputs.map((input) => input.name)).toEqual([adds[0], inside[1]]);
    const middle = await run(prefix, { image });
    expectClose((await run(suffix, middle)).logits, (await run(graph, { image })).logits, 1e-6);
  });

  test("an unknown boundary", () => {
    expect(() => cut(tinyNetwork(), ["nowhere"])).toThrow('[graph/cut] the graph has no value "nowhere" to cut at');
  });
});
