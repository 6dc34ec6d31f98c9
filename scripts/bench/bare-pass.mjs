// The yardstick: decode every picture, then run the untouched model file once over all of them, with nothing around it.
import { createRequire } from "node:module";
import { join } from "node:path";
import { root } from "../bootstrap.mjs";

const require = createRequire(join(root, "packages", "graft-ml", "package.json"));
const ort = require("onnxruntime-node");
const { decodeBatches, imageFolder } = await import(join(root, "packages", "data", "dist", "index.js"));
const { card, modelUrl } = await import(join(root, "packages", "weights-efficientnet-lite0", "dist", "index.js"));
const { fileURLToPath } = await import("node:url");
const { availableParallelism } = await import("node:os");

const { samples } = await imageFolder(process.argv[2]);
let start = performance.now();
const lap = () => {
  const seconds = (performance.now() - start) / 1000;
  start = performance.now();
  return seconds;
};
const batches = [];
for await (const { images } of decodeBatches(samples, card.preprocessing, { batch: 16 })) batches.push(images);
const decode = lap();
const session = await ort.InferenceSession.create(fileURLToPath(modelUrl), {
  intraOpNumThreads: availableParallelism(),
});
const load = lap();
for (const { data, dims } of batches) await session.run({ [card.input]: new ort.Tensor("float32", data, dims) });
console.log(JSON.stringify({ images: samples.length, decode, load, pass: lap() }));
