import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Backbone, int64, type Tensor, type TextPreprocessing, toNumbers } from "@graft-ml/core";
import { engineNames, openEngine, probeEngines } from "@graft-ml/runtime";
import { checkSource, runChecks } from "@graft-ml/testing";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { type HubServer, hubServer } from "./hub-server.fixture.ts";
import { type BackboneOptions, ofCard } from "./source-catalogue.ts";
import { textFiles, textLayouts } from "./text-layouts.fixture.ts";

let hub: HubServer;
let cache: string;
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), "graft-texts-"));
  hub = await hubServer(textFiles());
});
afterAll(async () => {
  await hub.close();
  await rm(cache, { recursive: true, force: true });
});

const open = (id: string, options: Partial<BackboneOptions> = {}, sha256 = "unverified") =>
  ofCard<TextPreprocessing>({ ...textLayouts[id]!.card, sha256 }, { cache, env: { GRAFT_HUB: hub.base }, ...options });
const load = (id: string, pooling?: string): Promise<Backbone<TextPreprocessing>> =>
  open(id, pooling === undefined ? {} : { pooling: pooling as "mean" }).load();
const rows = (of: readonly number[][]): Tensor => int64([of.length, of[0]!.length], of.flat());

const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
/** Behind the embeddings. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  "bert-base": numbered("encoder.layer.", 12),
  distilbert: numbered("layer.", 6),
  gpt2: [...numbered("h.", 2), "model#1"],
  "clip-vit-b32-text": [...numbered("encoder.layers.", 2), "model#1", "onnx::MatMul_454"],
};

const probes = await probeEngines();

describe.each(Object.entries(textLayouts))("the layout of %s", (id, { golden, model, tokenizer, card }) => {
  runChecks(
    checkSource(() => open(id), {
      name: id,
      otherHash: () => open(id, {}, "0".repeat(64)),
      offline: () => open(id, { cache: join(cache, "empty"), offline: true }),
      skip: [{ check: "the card's parameters are the graph's", reason: "the small file stands in for the real one" }],
    }),
    test,
  );

  it("brings its tokenizer and the hashes of both files", async () => {
    const backbone = await load(id);
    const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
    expect(backbone.card).toMatchObject({
      sha256: sha256(model),
      bytes: model.byteLength,
      preprocessing: { ...card.preprocessing, tokenizerSha256: sha256(tokenizer) },
    });
    expect(backbone.tokenizer?.pathname.endsWith("/tokenizer.json")).toBe(true);
  });

  it("wants ids and their mask, whatever its file wants", async () => {
    const { graph, card } = await load(id);
    expect(graph.inputs).toEqual([
      { name: card.input, dtype: "int64", dims: ["batch", "tokens"] },
      { name: "attention_mask", dtype: "int64", dims: ["batch", "tokens"] },
    ]);
  });

  it("has its layers as groups", async () => {
    const names = (await load(id)).groups.map(({ name }) => name.replace(/^.*?((encoder\.)?(layers?|h)\.)/, "$1"));
    expect(names.slice(1)).toEqual(LAYERS[id]);
  });

  it("does not look at what stands behind a text", async () => {
    const { graph, card } = await load(id);
    const program = await (await openEngine("onnxruntime")).prepare(graph, { threads: 1 });
    const run = async (ids: readonly number[][], mask: readonly number[][]) =>
      Array.from(
        toNumbers((await program.run({ [card.input]: rows(ids), attention_mask: rows(mask) }))[card.features]!),
      );
    const [text, length] = [golden.inputIds[1]!, golden.attentionMask[1]!.filter(Boolean).length];
    const alone = await run([text.slice(0, length)], [text.slice(0, length).map(() => 1)]);
    const padded = await run([text.map((token, i) => (i < length ? token : 7))], [golden.attentionMask[1]!]);
    await program.release();
    for (const [i, value] of alone.entries()) expect(padded[i]).toBeCloseTo(value, 5);
  });

  describe.each(engineNames)("on %s", (engine) => {
    const probe = probes.find((report) => report.name === engine)!;
    if (!probe.available) {
      const demanded = process.env.GRAFT_REQUIRE_ENGINES === "1";
      it.skipIf(!demanded)(`is not available: ${probe.reason}`, () => expect.fail(probe.reason));
      return;
    }
    const cases = Object.entries(golden.features).map(([pooling, features]) => ({ ...golden, pooling, features }));
    const pairs = golden.pairs === undefined ? [] : [{ ...golden.pairs, pooling: "mean", what: " of pairs" }];
    it.each([...cases.map((each) => ({ ...each, what: "" })), ...pairs])(
      "$pooling features$what are PyTorch's",
      async ({ pooling, inputIds, attentionMask, features: expected }) => {
        const { graph, card: made } = await load(id, card.pooled ? undefined : pooling);
        const program = await (await openEngine(engine)).prepare(graph, { threads: 1 });
        const { [made.features]: found } = await program.run({
          [made.input]: rows(inputIds),
          attention_mask: rows(attentionMask),
        });
        await program.release();
        expect(found!.dims).toEqual([expected.length, made.numFeatures]);
        const values = toNumbers(found!);
        const largest = Math.max(...expected.flat().map(Math.abs));
        const worst = expected.flat().reduce((most, value, i) => Math.max(most, Math.abs(value - values[i]!)), 0);
        expect(worst / largest).toBeLessThan(1e-5);
      },
    );
  });
});

describe("pooling", () => {
  it("none keeps every token's hidden state", async () => {
    const { graph, card } = await load("distilbert", "none");
    expect(graph.outputs).toEqual([{ name: card.features, dtype: "float32", dims: ["batch", "tokens", 8] }]);
    expect(card).toMatchObject({ numFeatures: 8, preprocessing: { pooling: "none" } });
  });

  it("that a model does itself, or that is for pictures, is refused", () => {
    expect(() => open("clip-vit-b32-text", { pooling: "mean" })).toThrow(
      "[backbones/clip-vit-b32-text] the file of CLIP ViT-B/32, the tower of texts makes one row of its tokens itself. Leave pooling out",
    );
    expect(() => open("distilbert", { pooling: "avg" })).toThrow(
      '[backbones/distilbert] expected pooling to be one of mean, cls, last, max, none for texts, which DistilBERT, uncased takes; received "avg"',
    );
  });
});
