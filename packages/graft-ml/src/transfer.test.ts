import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { efficientnetLite0, minilmL6 } from "@graft-ml/backbones";
import type { Tensor } from "@graft-ml/core";
import { readModel } from "@graft-ml/graph";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { frozen, full, last, linear, load, mlp, solvers, transfer } from "./index.ts";
import { pictureFolder } from "./pictures/pictures.fixture.ts";

let data: string;
let scratch: string;
beforeAll(async () => {
  data = await pictureFolder(10);
  scratch = await mkdtemp(join(tmpdir(), "graft-transfer-"));
});
afterAll(async () => {
  await rm(data, { recursive: true, force: true });
  await rm(scratch, { recursive: true, force: true });
});
const cache = () => join(scratch, "cache");

function bytes(t: Tensor | undefined): Buffer {
  return Buffer.from(t!.data.buffer, t!.data.byteOffset, t!.data.byteLength);
}

describe("frozen and linear", () => {
  test("learns, caches, saves, loads, and predicts the same", async () => {
    const options = { data, cache: cache(), seed: 3 };
    const result = await transfer(options);
    const { summary } = result;
    expect(summary.test.accuracy).toBe(1);
    expect(summary.test.samples).toBe(6);
    expect(summary).toMatchObject({
      backbone: "efficientnet-lite0",
      freezing: "frozen",
      head: "linear",
      engine: { train: "solver:logistic", frozen: "onnxruntime" },
      groups: { frozen: 18, trained: 0 },
      parameters: { total: 3_371_008 + 1280 * 3 + 3, trained: 1280 * 3 + 3 },
      cache: { hits: 0, misses: 30 },
    });
    const again = await transfer(options);
    expect(again.summary.cache).toMatchObject({ hits: 30, misses: 0 });
    expect(again.testPredictions).toEqual(result.testPredictions);

    const folder = await result.save(join(scratch, "bundle"), { "report.html": "<p>" });
    expect((await readdir(folder)).sort()).toEqual(["graft.json", "model.onnx", "report.html"]);
    const bundle = await load(folder);
    const file = join(data, "disc", "4.png");
    expect(await bundle.predict([file])).toEqual(await result.predict([file]));
    // The exported file sees features in full precision, the fitted head saw them as halves.
    for (const { path, probabilities } of result.testPredictions) {
      const [exported] = await bundle.predict([path]);
      Object.values(exported!.scores).forEach((p, k) => {
        expect(p).toBeCloseTo(probabilities[k]!, 2);
      });
    }
    expect((await bundle.evaluate(data)).accuracy).toBe(1);
    await Promise.all([bundle.release(), result.release(), again.release()]);
  });

  test.each(["ridge", "lda"] as const)("the %s solver", async (name) => {
    const result = await transfer({ data, cache: cache(), solver: solvers[name]() });
    expect(result.summary.engine.train).toBe(`solver:${name}`);
    expect(result.summary.test.accuracy).toBe(1);
  });

  test("weights in the exported file are the pretrained ones, bit by bit", async () => {
    const result = await transfer({ data, cache: cache() });
    const folder = await result.save(join(scratch, "bits"));
    await expectFrozen(folder, () => true);
  });
});

/** Every pretrained initializer that `frozen` names has the same numbers in the bundle as in the weights file. */
async function expectFrozen(folder: string, frozen: (name: string) => boolean): Promise<number> {
  const { widenHalf } = await import("@graft-ml/graph");
  const { graph } = await efficientnetLite0().load();
  const exported = widenHalf(readModel(await readFile(join(folder, "model.onnx"))));
  let changed = 0;
  for (const [name, tensor] of graph.initializers) {
    const same = bytes(exported.initializers.get(name)).equals(bytes(tensor));
    if (frozen(name)) expect(same, name).toBe(true);
    else if (!same) changed++;
  }
  return changed;
}

describe("training", () => {
  test("an MLP head on cached features", async () => {
    const events: string[] = [];
    const control = { onEvent: (event: { type: string }) => void events.push(event.type) };
    const result = await transfer({
      data,
      cache: cache(),
      head: mlp({ hidden: 16 }),
      epochs: 12,
      rate: 5e-3,
      patience: 12,
      engine: "onnxruntime",
      control,
    });
    expect(result.summary.test.accuracy).toBe(1);
    expect(result.summary.train.loss.at(-1)).toBeLessThan(result.summary.train.loss[0]!);
    expect(result.summary.train.validation).toHaveLength(12);
    expect(events.filter((type) => type === "epoch")).toHaveLength(12);
  });

  test("last: what lies below stays bit-identical, what is above moves", async () => {
    const result = await transfer({
      data,
      cache: cache(),
      freezing: last({ groups: 2 }),
      epochs: 1,
      engine: "onnxruntime",
      patience: 0,
    });
    expect(result.summary.groups).toEqual({ frozen: 16, trained: 2 });
    const folder = await result.save(join(scratch, "last"));
    const changed = await expectFrozen(folder, (name) => !/^(?:blocks\.15|head)\.(?!.*bn)/.test(name));
    expect(changed).toBe(4);
    const bundle = await load(folder);
    for (const { path, probabilities } of result.testPredictions.slice(0, 3)) {
      const [exported] = await bundle.predict([path]);
      Object.values(exported!.scores).forEach((p, k) => {
        expect(p).toBeCloseTo(probabilities[k]!, 2);
      });
    }
    await bundle.release();
  });

  test("the same seed gives the same run, another seed another", async () => {
    const fit = async (seed: number) =>
      (await transfer({ data, cache: cache(), head: mlp({ hidden: 8 }), epochs: 2, engine: "onnxruntime", seed }))
        .summary.train.method.steps;
    expect(await fit(1)).toEqual(await fit(1));
    expect(await fit(2)).not.toEqual(await fit(1));
  });

  test("an abort stops with `interrupted` and keeps the features", async () => {
    const stop = new AbortController();
    const control = {
      signal: stop.signal,
      onEvent: (event: { type: string; stage?: string }) =>
        void (event.type === "progress" && event.stage === "train" && stop.abort()),
    };
    await expect(
      transfer({ data, cache: cache(), head: mlp(), epochs: 3, engine: "onnxruntime", control }),
    ).rejects.toMatchObject({ code: "interrupted" });
    expect((await transfer({ data, cache: cache() })).summary.cache.misses).toBe(0);
  });
});

describe("wrong input", () => {
  test("one class", async () => {
    const lonely = await pictureFolder(3, ["disc"]);
    await expect(transfer({ data: lonely, cache: cache() })).rejects.toThrow(
      '[heads/linear] expected at least 2 classes; found 1 ("disc"). Add samples of a second class',
    );
    await rm(lonely, { recursive: true });
  });

  test("an engine that does not exist", async () => {
    await expect(transfer({ data, cache: cache(), head: mlp(), engine: "onnx-runtime" })).rejects.toThrow(
      'unknown engine "onnx-runtime"; did you mean "onnxruntime"?',
    );
  });

  test("a folder that is no bundle is never replaced", async () => {
    const folder = await mkdtemp(join(scratch, "mine-"));
    await writeFile(join(folder, "thesis.txt"), "years of work");
    const result = await transfer({ data, cache: cache(), freezing: frozen(), head: linear() });
    await expect(result.save(folder)).rejects.toThrow(
      'holds "thesis.txt", which is no part of a bundle; it is left alone',
    );
    expect(await readFile(join(folder, "thesis.txt"), "utf8")).toBe("years of work");
  });

  test("a bundle that was tampered with", async () => {
    const result = await transfer({ data, cache: cache() });
    const folder = await result.save(join(scratch, "tampered"));
    const manifest = await readFile(join(folder, "graft.json"), "utf8");
    const model = await readFile(join(folder, "model.onnx"));
    model[model.length - 100]! ^= 1;
    await writeFile(join(folder, "model.onnx"), model);
    await expect(load(folder)).rejects.toThrow(/model\.onnx was changed or damaged: expected sha256/);
    await writeFile(join(folder, "graft.json"), manifest.slice(0, 100));
    await expect(load(folder)).rejects.toThrow(/graft\.json is not JSON/);
    await writeFile(join(folder, "graft.json"), '{"format": 9}');
    await expect(load(folder)).rejects.toThrow(/expected format 1; received 9/);
    await expect(load(join(scratch, "nowhere"))).rejects.toThrow(
      /expected a bundle, a folder with graft.json; received/,
    );
  });

  test("more groups than there are", async () => {
    await expect(transfer({ data, cache: cache(), freezing: last({ groups: 19 }) })).rejects.toThrow(
      "[freezing/last] expected groups ≤ 18, the backbone's number of layer groups; received 19",
    );
  });
});

test("full: every kernel trains, from the pixels on", async () => {
  const tiny = await pictureFolder(3);
  const result = await transfer({
    data: tiny,
    cache: cache(),
    freezing: full(),
    epochs: 1,
    batch: 4,
    engine: "onnxruntime",
    patience: 0,
    test: 0.4,
  });
  expect(result.summary.groups).toEqual({ frozen: 0, trained: 18 });
  expect(result.summary.engine.frozen).toBe("none");
  expect(result.summary.parameters.trained).toBeGreaterThan(3_200_000);
  await rm(tiny, { recursive: true });
}, 120_000);

test("a backbone of texts is refused by name", async () => {
  await expect(transfer({ data, backbone: minilmL6() })).rejects.toThrow(
    `[graft/transfer] "minilm-l6" is a backbone of texts; ${await realpath(data)} holds pictures. Choose one of pictures, such as efficientnet-lite0`,
  );
});
