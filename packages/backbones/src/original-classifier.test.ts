import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Backbone, float32, type Graph } from "@graft-ml/core";
import { graphBuilder } from "@graft-ml/graph";
import { openEngine } from "@graft-ml/runtime";
import { modelUrl } from "@graft-ml/weights-efficientnet-lite0";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { efficientnetLite0 } from "./efficientnet-lite0.ts";
import { originalClassifier } from "./original-classifier.ts";
import type { FileCard } from "./source-assemble.ts";
import { onnxFile } from "./source-file.ts";
import { tinyResnet, tinyVgg } from "./tiny-models.fixture.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-classifier-"));
  const files = { resnet: tinyResnet(), vgg: tinyVgg() };
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, `${name}.onnx`), bytes);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const PICTURES = { preprocessing: { mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] } } satisfies FileCard;
const tiny = (name: string): Promise<Backbone> =>
  onnxFile(join(folder, `${name}.onnx`), PICTURES).load() as Promise<Backbone>;

/** The largest difference between features times the classifier and what ONNX Runtime says of the untouched file. */
async function difference({ card, graph, classifier }: Backbone, file: Uint8Array): Promise<number> {
  const { size } = card.preprocessing;
  const pixels = Float32Array.from({ length: 2 * 3 * size * size }, (_, i) => Math.sin(i));
  const program = await (await openEngine("onnxruntime")).prepare(graph);
  const { [card.features]: features } = await program.run({ [card.input]: float32([2, 3, size, size], pixels) });
  await program.release();
  const session = await InferenceSession.create(file);
  const outputs = await session.run({ [card.input]: new Tensor("float32", pixels, [2, 3, size, size]) });
  const expected = outputs[card.output!]!;
  const { weight, bias } = classifier!();
  const [width, classes] = weight.dims as [number, number];
  expect(expected.dims).toEqual([2, classes]);
  const off = Array.from(expected.data as Float32Array, (logit, i) => {
    const [n, k] = [Math.floor(i / classes), i % classes];
    let sum = Number(bias.data[k]);
    for (let j = 0; j < width; j++) sum += Number(features!.data[n * width + j]) * Number(weight.data[j * classes + k]);
    return Math.abs(sum - logit);
  });
  return Math.max(...off);
}

it("is what the bundled network was pretrained with", async () => {
  const backbone = await efficientnetLite0().load();
  expect(backbone.classifier!().weight.dims).toEqual([1280, 1000]);
  expect(await difference(backbone, await readFile(modelUrl))).toBeLessThan(1e-4);
});

it("is found in a file where it reads the features", async () => {
  expect(await difference(await tiny("resnet"), await readFile(join(folder, "resnet.onnx")))).toBeLessThan(1e-5);
});

it("is absent where other layers stand between", async () => {
  expect((await tiny("vgg")).classifier).toBeUndefined();
});

it("is read in every way that an affine layer is written", () => {
  const matrix = float32([2, 3], [1, 2, 3, 4, 5, 6]);
  const vector = float32([3], [7, 8, 9]);
  const turned = float32([3, 2], [1, 4, 2, 5, 3, 6]);
  const file = (make: (g: ReturnType<typeof graphBuilder>) => ReturnType<typeof g.op>): Graph => {
    const g = graphBuilder();
    g.input("x", "float32", ["batch", 2]);
    return g.finish([g.name(make(g), "y")]);
  };
  const w = (g: ReturnType<typeof graphBuilder>) => g.parameter("w", matrix);
  const b = (g: ReturnType<typeof graphBuilder>) => g.parameter("b", vector);
  const ways: Record<string, Graph> = {
    gemm: file((g) => g.op("Gemm", [g.value("x"), w(g), b(g)])),
    turned: file((g) => g.op("Gemm", [g.value("x"), g.parameter("w", turned), b(g)], { transB: 1 })),
    sum: file((g) => g.op("Add", [g.op("MatMul", [g.value("x"), w(g)]), b(g)])),
    "sum, the other way": file((g) => g.op("Add", [b(g), g.op("MatMul", [g.value("x"), w(g)])])),
    softmax: file((g) => g.op("Softmax", [g.op("Gemm", [g.value("x"), w(g), b(g)])], { axis: 1 })),
  };
  for (const [name, graph] of Object.entries(ways)) {
    const { weight, bias } = originalClassifier(graph, "x", "y").classifier!();
    expect([weight.dims, Array.from(weight.data, Number), Array.from(bias.data, Number)], name).toEqual([
      [2, 3],
      [1, 2, 3, 4, 5, 6],
      [7, 8, 9],
    ]);
  }
  const plain = originalClassifier(
    file((g) => g.op("MatMul", [g.value("x"), w(g)])),
    "x",
    "y",
  );
  expect(Array.from(plain.classifier!().bias.data, Number)).toEqual([0, 0, 0]);
  const scaled = file((g) => g.op("Gemm", [g.value("x"), w(g), b(g)], { alpha: 2 }));
  expect(originalClassifier(scaled, "x", "y")).toEqual({});
});
