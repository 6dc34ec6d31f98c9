import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { RunEvent } from "@graft-ml/core";
import { checkSource, runChecks } from "@graft-ml/testing";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import type { CatalogueCard } from "./catalogue/card.ts";
import { matchNames } from "./catalogue-names.ts";
import { checkHubFile } from "./hub-file.ts";
import { type HubServer, hubServer } from "./hub-server.fixture.ts";
import { type BackboneOptions, backbone, catalogue, ofCard } from "./source-catalogue.ts";
import { textFiles } from "./text-layouts.fixture.ts";
import { tinyResnet, tinyVit } from "./tiny-models.fixture.ts";

const at = ({ hub }: CatalogueCard) => `${hub!.repository}/resolve/${hub!.revision}/${hub!.file}`;
const card = (id: string) => catalogue.get(id)!;

let hub: HubServer;
let cache: string;
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), "graft-catalogue-"));
  hub = await hubServer({
    [at(card("vit-base"))]: tinyVit({ size: 224 }),
    [at(card("vit-small"))]: tinyVit({ size: 224, classified: false }),
    [at(card("resnet50"))]: tinyResnet(),
    ...textFiles(),
  });
});
afterAll(async () => {
  await hub.close();
  await rm(cache, { recursive: true, force: true });
});

const open = (name: string, options: Partial<BackboneOptions> = {}) =>
  backbone(name, { cache, env: { GRAFT_HUB: hub.base }, ...options });

describe.each([...catalogue])("the card of %s", (id, found) => {
  it("says where each of its facts was read, or that nobody has", () => {
    const stated = ["hub", "licence", "preprocessing", "tokenizer", "parameters", "bytes", "lastHidden"].filter(
      (field) => field in found,
    );
    if (found.package === undefined) {
      for (const field of stated) {
        const known = [...Object.keys(found.evidence), ...found.unverified].some(
          (entry) => entry.split(".")[0] === field,
        );
        expect(known, `${id}: ${field}`).toBe(true);
      }
      expect(found.unverified.includes("sha256")).toBe(found.sha256 === "unverified");
      if (found.sha256 !== "unverified") expect(found.evidence.sha256).toBeTypeOf("string");
    }
    for (const text of Object.values(found.evidence)) expect(text.length).toBeGreaterThan(5);
  });

  it("can be fetched and checked", () => {
    expect(found.id).toBe(id);
    expect(found.sha256).toMatch(/^([0-9a-f]{64}|unverified)$/);
    expect(found.hub ?? found.package).toBeDefined();
    if (found.hub !== undefined) checkHubFile(found.hub);
    expect(found.tokenizer !== undefined).toBe("tokenizer" in found.preprocessing);
    if (found.tokenizer !== undefined) checkHubFile(found.tokenizer);
    for (const { pattern } of found.groups ?? []) expect(() => new RegExp(pattern)).not.toThrow();
    if (found.accuracy !== undefined) expect(found.accuracy.top1).toSatisfy((top1: number) => top1 > 0.5 && top1 < 0.9);
  });
});

describe("names", () => {
  it.each([
    ["VGG16", "vgg16"],
    ["ResNet-50", "resnet50"],
    ["InceptionV3", "inception-v3"],
    ["mobilenet_v2", "mobilenet-v2"],
    ["EfficientNetB0", "efficientnet-b0"],
  ])("%s is %s", (name, id) => expect(open(name, { includeTop: false }).name).toBe(id));

  it("that nobody knows get the nearest", () => {
    expect(() => open("resnet5O")).toThrow(
      '[backbones] unknown backbone "resnet5O"; did you mean "resnet50"? known: bert-base, clip-vit-b32-image,',
    );
  });

  it("are matched by patterns", () => {
    expect(matchNames(catalogue.keys(), "ResNet*")).toEqual(["resnet101", "resnet18", "resnet50"]);
    expect(matchNames(catalogue.keys(), "vgg1?")).toEqual(["vgg16", "vgg19"]);
    expect(matchNames(catalogue.keys(), "vgg.*")).toEqual([]);
  });
});

describe.each([
  ["vit-base", { includeTop: false }, 6],
  ["vit-base", { includeTop: true }, 5],
  ["vit-base", { pooling: "max" }, 6],
  ["vit-small", {}, 6],
] satisfies [string, Partial<BackboneOptions>, number][])("%s with %j from the hub", (id, options, width) => {
  runChecks(
    checkSource(() => open(id, options), {
      name: id,
      otherHash: () =>
        ofCard({ ...card(id), sha256: "0".repeat(64) }, { cache, env: { GRAFT_HUB: hub.base }, ...options }),
      offline: () => open(id, { ...options, cache: join(cache, "empty"), offline: true }),
      skip: [{ check: "the card's parameters are the graph's", reason: "the tiny file stands in for the real one" }],
    }),
    test,
  );

  it("has its card", async () => {
    const loaded = await open(id, options).load();
    expect(loaded.card).toMatchObject({
      id,
      numFeatures: width,
      licence: "Apache-2.0",
      source: { repository: card(id).hub!.repository },
    });
    expect(loaded.card.sha256).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("sources", () => {
  it("are the package first", async () => {
    const asked = hub.requests.length;
    expect((await open("minilm-l6").load()).card.numFeatures).toBe(384);
    expect((await open("efficientnet-lite0").load()).card.numFeatures).toBe(1280);
    expect(hub.requests).toHaveLength(asked);
  });

  it("are a local folder before the cache, and the cache before the hub", async () => {
    const folder = join(cache, "models");
    const events: RunEvent[] = [];
    const options = { folder, offline: true, onEvent: (event: RunEvent) => void events.push(event) };
    const { repository, file } = card("convnext-tiny").hub!;
    await expect(open("convnext-tiny", options).load()).rejects.toThrow(
      `${repository}/${file} is not in the cache, and GRAFT_OFFLINE forbids`,
    );
    await mkdir(dirname(join(folder, repository, file)), { recursive: true });
    await writeFile(join(folder, repository, file), tinyVit({ size: 224 }));
    expect((await open("convnext-tiny", options).load()).card.source).toMatchObject({ repository });
    await open("vit-base").load();
    expect((await open("vit-base", options).load()).card.numFeatures).toBe(6);
    expect(events).toEqual([]);
  });

  it("that bring another file are refused", async () => {
    await expect(open("resnet50").load()).rejects.toThrow(
      `[backbones/hub] expected onnxmodelzoo/resnet50-v1-12/resnet50-v1-12.onnx with the card's sha256 ${card("resnet50").sha256}; received `,
    );
    await expect(open("vgg16").load()).rejects.toThrow(
      'the hub has no file "vgg16-12.onnx" in onnxmodelzoo/vgg16-12 at revision "main" (404)',
    );
  });

  it("bring the tokenizer before the model", async () => {
    const asked = hub.requests.length;
    const path = join(cache, "tokenizer-first");
    await expect(open("clip-vit-b32-text", { cache: path }).load()).rejects.toThrow(
      `with the card's sha256 ${card("clip-vit-b32-text").sha256}; received `,
    );
    expect(hub.requests.slice(asked).map((request) => request.path.split("/").at(-1))).toEqual([
      "tokenizer.json",
      "text_model.onnx",
    ]);
  });

  it("without a classifier have no top", () => {
    expect(() => open("dinov2-small", { includeTop: true })).toThrow(
      "[backbones/dinov2-small] the file of DINOv2-S/14 has no classifier. Leave includeTop out",
    );
  });

  it("that are packages end at their own features", async () => {
    await expect(open("efficientnet-lite0", { includeTop: true }).load()).rejects.toThrow(
      "[backbones/efficientnet-lite0] the package's file ends at its own features. Leave includeTop and pooling out",
    );
  });
});
