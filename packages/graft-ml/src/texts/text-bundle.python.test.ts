import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { last, minilmL6, type TransferOptions, transfer } from "../index.ts";
import { sentences, textsTable } from "./texts.fixture.ts";

// The judge is tools/golden/check_text_bundle.py: tokenizers and ONNX Runtime for Python, and ONNX's own checker.
const script = fileURLToPath(new URL("../../../../tools/golden/check_text_bundle.py", import.meta.url));
const python = process.env.GRAFT_PYTHON ?? "python3";
const probe = spawnSync(python, ["-c", "import numpy, onnx, onnxruntime, tokenizers"], { encoding: "utf8" });
const missing =
  probe.status === 0 ? undefined : (probe.error?.message ?? probe.stderr.trim().split("\n").at(-1) ?? "it failed");

const tasks: readonly (readonly [name: string, options: Partial<TransferOptions>, tolerance: number])[] = [
  ["frozen backbone, solved linear head", {}, 1e-4],
  ["last layer, trained", { freezing: last({ groups: 1 }), engine: "onnxruntime", epochs: 1, batch: 8 }, 1e-4],
];

describe("a bundle of texts in Python", () => {
  if (missing !== undefined) {
    const demanded = process.env.GRAFT_REQUIRE_PYTHON === "1";
    it.skipIf(!demanded)(`${python} lacks what tools/golden/check_text_bundle.py names: ${missing}`, () =>
      expect.fail(missing),
    );
    return;
  }
  let table: string;
  let scratch: string;
  beforeAll(async () => {
    table = await textsTable(sentences(10));
    scratch = await mkdtemp(join(tmpdir(), "graft-python-"));
  });
  afterAll(async () => {
    await rm(dirname(table), { recursive: true, force: true });
    await rm(scratch, { recursive: true, force: true });
  });

  /** Runs the judge on answers to texts. */
  async function judged(bundle: string, answers: readonly unknown[], tolerance: number): Promise<unknown> {
    const predictions = join(scratch, "predictions.json");
    await writeFile(predictions, JSON.stringify(answers));
    const run = spawnSync(python, [script, bundle, "--predictions", predictions, "--tolerance", String(tolerance)], {
      encoding: "utf8",
    });
    expect(run.stderr).toBe("");
    expect(run.status).toBe(0);
    return JSON.parse(run.stdout);
  }

  it.each(tasks)("%s: the same probabilities", async (name, options, tolerance) => {
    const result = await transfer({ data: table, cache: join(scratch, "cache"), seed: 5, ...options });
    const bundle = await result.save(join(scratch, name));
    // Of many lengths, one beyond what is read, odd characters.
    const texts = [
      "soup",
      ...result.testPredictions.map(({ text }) => text!),
      "train ".repeat(300),
      "Ünïcödé — 汉字 🚂!",
    ];
    const found = await judged(bundle, await result.predict(texts), tolerance);
    expect(found).toMatchObject({ samples: texts.length, sameLabels: true });
    await result.release();
  });

  it("pairs: the same probabilities", async () => {
    const pairs = join(scratch, "pairs.tsv");
    const rows = sentences(8).map(([text, label], i, all) => `${text}\t${all[(i + 3) % 16]![0]} again\t${label}`);
    await writeFile(pairs, `text1\ttext2\tlabel\n${rows.join("\n")}\n`);
    const result = await transfer({ data: pairs, cache: join(scratch, "cache"), seed: 5 });
    const bundle = await result.save(join(scratch, "pairs"));
    const answers = await result.predict([
      ["the soup", "the train and the ferry leave for Lisbon"],
      ["pepper ".repeat(200), "butter ".repeat(200)],
    ]);
    expect(await judged(bundle, answers, 1e-4)).toMatchObject({ samples: 2, sameLabels: true });
    await result.release();
  });

  it("integer products: probabilities that are near, for they round by batch", async () => {
    const backbone = minilmL6({ precision: "int8" });
    const result = await transfer({ data: table, cache: join(scratch, "cache"), seed: 5, backbone });
    const bundle = await result.save(join(scratch, "int8"));
    const answers = await result.predict(result.testPredictions.map(({ text }) => text!));
    expect(await judged(bundle, answers, 0.05)).toMatchObject({ sameLabels: true });
    await result.release();
  });
});
