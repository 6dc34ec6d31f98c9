import { readFile } from "node:fs/promises";
import { int64, type Tensor, toNumbers } from "@graft-ml/core";
import { cut, cutPoints } from "@graft-ml/graph";
import { openEngine } from "@graft-ml/runtime";
import { card, modelUrl } from "@graft-ml/weights-minilm-l6";
import { describe, expect, it } from "vitest";
import { minilmL6 } from "./minilm-l6.ts";

interface Golden {
  readonly inputIds: readonly number[][];
  readonly attentionMask: readonly number[][];
  readonly rounded: readonly { readonly features: readonly number[] }[];
}

const golden: Golden = JSON.parse(await readFile(new URL("golden/minilm-l6.json", modelUrl), "utf8"));
const backbone = await minilmL6().load();
const rows = (of: readonly number[][]): Tensor => int64([of.length, of[0]!.length], of.flat());

describe("layer groups", () => {
  it("are the embeddings and six layers, each ending at its own hidden state", () => {
    expect(backbone.groups.map(({ name, boundary }) => [name, boundary])).toEqual([
      ["embeddings", "embeddings"],
      ...[0, 1, 2, 3, 4].map((layer) => [`encoder.${layer}`, `encoder.${layer}`]),
      ["encoder.5", "features"],
    ]);
  });

  it("can be cut between any two layers, where only the mask is fed again", () => {
    const points = cutPoints(backbone.graph, card.input);
    for (const { boundary } of backbone.groups.slice(0, -1)) {
      expect(points).toContain(boundary);
      const { prefix, suffix } = cut(backbone.graph, [boundary]);
      expect(suffix.inputs.map(({ name }) => name)).toEqual([boundary, card.preprocessing.mask]);
      expect(prefix.outputs).toEqual([{ name: boundary, dtype: "float32", dims: ["batch", "tokens", 384] }]);
    }
  });
});

describe.each(["onnxruntime", "tfjs-node", "tfjs-wasm"] as const)("features on %s", (name) => {
  it("equal PyTorch's on the same weights", async () => {
    const engine = await openEngine(name);
    const program = await engine.prepare(backbone.graph, { threads: 1 });
    const { features } = await program.run({
      [card.input]: rows(golden.inputIds),
      [card.preprocessing.mask]: rows(golden.attentionMask),
    });
    const expected = golden.rounded.flatMap((sentence) => sentence.features);
    const worst = Array.from(toNumbers(features!)).reduce(
      (most, x, i) => Math.max(most, Math.abs(x - expected[i]!)),
      0,
    );
    await program.release();
    expect(features!.dims).toEqual([golden.inputIds.length, card.numFeatures]);
    expect(worst).toBeLessThan(1e-4);
  }, 60_000);
});

describe("int8 products", () => {
  it("are there when asked for, say what they cost, and stay close to the features", async () => {
    const int8 = await minilmL6({ precision: "int8" }).load();
    expect(int8.card).toEqual({
      ...card,
      precision: { products: "int8", loss: expect.stringContaining("RT-polarity") },
    });
    expect(int8.graph.nodes.filter((node) => node.op === "MatMulInteger")).toHaveLength(36);
    expect(int8.groups.map(({ name }) => name)).toEqual(backbone.groups.map(({ name }) => name));
    const program = await (await openEngine("onnxruntime")).prepare(int8.graph, { threads: 1 });
    const { features } = await program.run({
      [card.input]: rows(golden.inputIds),
      [card.preprocessing.mask]: rows(golden.attentionMask),
    });
    await program.release();
    golden.rounded.forEach(({ features: expected }, n) => {
      const found = Array.from(toNumbers(features!)).slice(n * card.numFeatures, (n + 1) * card.numFeatures);
      const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
      expect(dot(found, expected) / Math.sqrt(dot(found, found) * dot(expected, expected))).toBeGreaterThan(0.95);
    });
  });

  it("are refused in other numbers", () => {
    expect(() => minilmL6({ precision: "int4" })).toThrow(
      '[backbones/minilm-l6] expected precision to be one of float32, int8; received "int4"',
    );
  });
});

describe("pooling", () => {
  const tokens = golden.inputIds[0]!.length;
  const run = async (pooling: string): Promise<{ name: string; dims: readonly number[]; values: number[] }> => {
    const { card: own, graph } = await minilmL6({ pooling }).load();
    expect(own.preprocessing.pooling).toBe(pooling);
    const program = await (await openEngine("onnxruntime")).prepare(graph, { threads: 1 });
    const { [own.features]: found } = await program.run({
      [own.input]: rows(golden.inputIds),
      [own.preprocessing.mask]: rows(golden.attentionMask),
    });
    await program.release();
    return { name: own.features, dims: found!.dims, values: Array.from(toNumbers(found!)) };
  };

  it.each([
    ["cls", (states: number[][]) => states[0]!],
    ["last", (states: number[][], length: number) => states[length - 1]!],
    [
      "max",
      (states: number[][], length: number) =>
        states[0]!.map((_, k) => Math.max(...states.slice(0, length).map((state) => state[k]!))),
    ],
  ] as const)(
    "%s makes one row of the hidden states that none keeps",
    async (pooling, rowOf) => {
      const all = await run("none");
      expect(all.dims).toEqual([golden.inputIds.length, tokens, card.numFeatures]);
      const { name, dims, values } = await run(pooling);
      expect([name, dims]).toEqual([`features.${pooling}`, [golden.inputIds.length, card.numFeatures]]);
      golden.attentionMask.forEach((mask, n) => {
        const states = mask.map((_, i) => {
          const from = (n * tokens + i) * card.numFeatures;
          return all.values.slice(from, from + card.numFeatures);
        });
        const expected = rowOf(states, mask.filter(Boolean).length);
        for (const [k, value] of expected.entries()) expect(values[n * card.numFeatures + k]).toBeCloseTo(value, 5);
      });
    },
    60_000,
  );

  it("goes with int8 products, and keeps the tokenizer", async () => {
    const { card: own, tokenizer } = await minilmL6({ precision: "int8", pooling: "cls" }).load();
    expect(own).toMatchObject({ features: "features.cls", precision: { products: "int8" } });
    expect(tokenizer?.pathname).toMatch(/tokenizer\.json$/);
  });

  it("is refused by another name", () => {
    expect(() => minilmL6({ pooling: "sum" })).toThrow(
      '[backbones/minilm-l6] expected pooling to be one of mean, cls, last, max, none; received "sum"',
    );
  });
});
