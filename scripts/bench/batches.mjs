// Pictures a second of the frozen network by the number of pictures in a run: what `graft fit` takes is chosen from this.
import { createRequire } from "node:module";
import { loadavg } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../bootstrap.mjs";
import { fillSection, machine, median, table } from "./timing.mjs";

const SIZES = [1, 4, 8, 16, 32, 64];
const PICTURES = 128;

export async function batches({ repeat, write }) {
  const require = createRequire(join(root, "packages", "graft-ml", "package.json"));
  const ort = require("onnxruntime-node");
  const weights = await import(join(root, "packages", "weights-efficientnet-lite0", "dist", "index.js"));
  const session = await ort.InferenceSession.create(fileURLToPath(weights.modelUrl));
  const { input, preprocessing } = weights.card;
  const seconds = new Map(SIZES.map((size) => [size, []]));
  for (let i = 0; i <= repeat; i++) {
    for (const size of SIZES) {
      const dims = [size, 3, preprocessing.size, preprocessing.size];
      const data = Float32Array.from(
        { length: dims.reduce((a, b) => a * b, 1) },
        (_, k) => ((k * 7919) % 65521) / 65521,
      );
      const feed = { [input]: new ort.Tensor("float32", data, dims) };
      const start = performance.now();
      for (let done = 0; done < PICTURES; done += size) await session.run(feed);
      // The first round warms up.
      if (i > 0) seconds.get(size).push((performance.now() - start) / 1000);
    }
  }
  await session.release();
  const rows = SIZES.map((size) => [size, (PICTURES / median(seconds.get(size))).toFixed(0)]);
  const text = [
    `${machine()}; EfficientNet-Lite0 in ONNX Runtime; medians of ${repeat}; load ${loadavg()[0].toFixed(2)}.`,
    "",
    table(["pictures in a run", "pictures/s"], rows),
  ].join("\n");
  console.log(text);
  if (write) fillSection(join(root, "docs", "performance.md"), "batches", text);
}
