import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Backbone, Preprocessing } from "@graft-ml/core";
import { afterAll, expect, test, vi } from "vitest";
import { hubServer } from "./hub-server.fixture.ts";
import { type BackboneOptions, catalogue, ofCard } from "./source-catalogue.ts";
import { textLayouts } from "./text-layouts.fixture.ts";
import { tinyBert } from "./tiny-models.fixture.ts";

const PACKAGE = "@graft-ml/weights-minilm-l6";
const folder = await mkdtemp(join(tmpdir(), "graft-order-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

// Each place has another file, told apart by its parameters.
const { tokenizer } = textLayouts["bert-base"]!;
const card = { ...catalogue.get("minilm-l6")!, sha256: "unverified" };
const [ofHub, ofFolder] = [tinyBert({ segments: true }), tinyBert({ segments: false })];

test("weights come from the package, else the local folder, else the cache, else the hub", async () => {
  const { repository, revision, file } = card.hub!;
  const hub = await hubServer({
    [`${repository}/resolve/${revision}/${file}`]: ofHub,
    [`${repository}/resolve/${revision}/tokenizer.json`]: tokenizer,
  });
  const [cache, models] = [join(folder, "cache"), join(folder, "models")];
  const options: BackboneOptions = { cache, env: { GRAFT_HUB: hub.base, GRAFT_MODELS: models } };
  const load = (more: Partial<BackboneOptions> = {}): Promise<Backbone<Preprocessing>> =>
    ofCard(card, { ...options, ...more }).load();
  const asked = (): string[] => hub.requests.splice(0).map(({ path }) => path.split("/").at(-1)!);
  const count = async (more?: Partial<BackboneOptions>): Promise<number> => (await load(more)).card.parameters;

  vi.doMock(PACKAGE, () => {
    throw new Error("not installed");
  });
  await expect(load({ offline: true })).rejects.toThrow(
    `[backbones/hub] ${repository}/tokenizer.json is not in the cache, and GRAFT_OFFLINE forbids to download it. Unset it, or put the file at ${join(cache, "hub", repository.replace("/", "--"), revision, "tokenizer.json")}`,
  );
  expect(asked()).toEqual([]);

  const hubs = await count();
  expect(asked()).toEqual(["tokenizer.json", "model.onnx"]);

  expect(await count({ offline: true })).toBe(hubs);
  expect(await count()).toBe(hubs);
  expect(asked()).toEqual([]);

  for (const [path, bytes] of [
    [file, ofFolder],
    ["tokenizer.json", tokenizer],
  ] as const) {
    await mkdir(dirname(join(models, repository, path)), { recursive: true });
    await writeFile(join(models, repository, path), bytes);
  }
  const local = await load();
  expect(local.card.parameters).toBe(hubs - 2 * 6);
  expect(local.tokenizer?.pathname).toBe(join(models, repository, "tokenizer.json"));

  vi.doUnmock(PACKAGE);
  const packaged = await load();
  expect(packaged.card).toMatchObject({ numFeatures: 384, parameters: 22_564_608 });
  expect(packaged.tokenizer?.pathname).toMatch(/weights-minilm-l6\/tokenizer\.json$/);
  expect(asked()).toEqual([]);
  await hub.close();
});
