import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { beforeAll, expect, it } from "vitest";
import { graft, paintClasses, scratch } from "../io.fixture.ts";

const golden = fileURLToPath(new URL("../../../../packages/backbones/golden/keras/training.keras", import.meta.url));
let cwd: string;
beforeAll(async () => {
  cwd = await scratch();
  process.env.GRAFT_CACHE = join(cwd, "cache");
  await paintClasses(join(cwd, "colours"), { red: [200, 0, 0], green: [0, 200, 0], blue: [0, 0, 200] }, 10);
  await cp(golden, join(cwd, "Tiny_Net.keras"));
});

const FIT = ["fit", "colours", "--backbone", "./Tiny_Net.keras"];
const PIXELS = ["--set", "backbone.mean=[127.5,127.5,127.5]", "--set", "backbone.std=127.5"];

it("fits on a Keras model by its file, and the bundle predicts without it", async () => {
  const { code, stdout, stderr } = await graft([...FIT, ...PIXELS, "--json"], { cwd });
  expect([code, stderr]).toEqual([0, ""]);
  const summary = JSON.parse(stdout);
  expect(summary).toMatchObject({ backbone: "tiny-net", parameters: { trained: 21 } });
  expect(summary.bundle).toBe(join(cwd, "graft-runs", "colours-Tiny_Net.keras-frozen-linear"));
  const predicted = await graft(["predict", summary.bundle, join("colours", "red", "0.png"), "--json"], { cwd });
  expect([predicted.code, predicted.stderr]).toEqual([0, ""]);
  expect(Object.keys(JSON.parse(predicted.stdout).scores)).toEqual(["blue", "green", "red"]);
}, 60_000);

it("asks for what the file does not say, in one line", async () => {
  expect(await graft([...FIT, "--json"], { cwd })).toEqual({
    code: 2,
    stdout: "",
    stderr:
      '[backbones/tiny-net] "picture" [batch, 3, 8, 8] does not say how pictures go in. Give preprocessing with mean (of pixel values 0..255, for ImageNet usually [123.675, 116.28, 103.53]), std (for ImageNet usually [58.395, 57.12, 57.375])\n',
  });
});

it("says which options there are, and that a file is not there", async () => {
  const { code, stderr } = await graft([...FIT, "--set", "backbone.means=1"], { cwd });
  expect([code, stderr.split(";")[0]]).toEqual([2, '[backbones/file] unknown option "means"']);
  const absent = await graft(["fit", "colours", "--backbone", "none.onnx"], { cwd });
  expect(absent.stderr).toBe(
    `[backbones/none] cannot read ${join(cwd, "none.onnx")}: there is no such file. Check the path\n`,
  );
});

it("fits on a model of texts by its file, with the tokenizer beside it", async () => {
  const texts = new URL("../../../../packages/backbones/golden/texts/", import.meta.url);
  await writeFile(join(cwd, "gpt.onnx"), gunzipSync(await readFile(new URL("gpt2.onnx.gz", texts))));
  await cp(new URL("gpt2.tokenizer.json", texts), join(cwd, "tokenizer.json"));
  const rows = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? `good number ${i},pos` : `a dull film ${i},neg`));
  await writeFile(join(cwd, "reviews.csv"), `text,label\n${rows.join("\n")}\n`);
  const fit = ["fit", "reviews.csv", "--backbone", "gpt.onnx", "--out", "gpt-bundle", "--json"];
  const asked = await graft(fit, { cwd });
  expect([asked.code, asked.stderr.split("\n").at(-2)]).toEqual([
    2,
    '[backbones/gpt] the graph takes token ids, and does not say how texts become features. Give preprocessing with maxTokens (the longest sequence that the model takes), padId (of the token that fills up shorter texts), pooling ("mean", "cls", "last", "max" or "none")',
  ]);
  const options = ["pooling=last", "maxTokens=32", "padId=0"].flatMap((option) => ["--set", `backbone.${option}`]);
  const { code, stdout } = await graft([...fit, ...options], { cwd });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ backbone: "gpt", parameters: { trained: 8 * 2 + 2 } });
  const predicted = await graft(["predict", "gpt-bundle", "a good film", "--json"], { cwd });
  expect([predicted.code, predicted.stderr]).toEqual([0, ""]);
  expect(Object.keys(JSON.parse(predicted.stdout).scores)).toEqual(["neg", "pos"]);
}, 60_000);
