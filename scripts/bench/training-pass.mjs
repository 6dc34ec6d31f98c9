// One transfer from an empty cache: node training-pass.mjs FOLDER MODE ENGINE EPOCHS RATE [SEED]. Prints one line of JSON.
// All training pictures train (none is held out), as the peers do it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../bootstrap.mjs";

const graft = await import(join(root, "packages", "graft-ml", "dist", "index.js"));
const { schedules } = await import(join(root, "packages", "trainers", "dist", "index.js"));
const [folder, mode, engine, epochs, rate, seed = "0"] = process.argv.slice(2);
const cache = mkdtempSync(join(tmpdir(), "graft-bench-"));
try {
  const { summary, release } = await graft.transfer({
    data: folder,
    cache,
    freezing: graft[mode](),
    engine,
    epochs: Number(epochs),
    rate: Number(rate),
    seed: Number(seed),
    schedule: schedules.constant(),
    batch: 16,
    patience: 0,
  });
  await release();
  const { decode, features, train } = summary.seconds;
  const [trained, tested] = [summary.train.samples, summary.test.samples];
  console.log(
    JSON.stringify({
      images: trained,
      // Scanning, decoding and the frozen pass over all pictures, and training.
      whole: decode + features + train,
      // The frozen pass over the training pictures, and training.
      passed: (features * trained) / (trained + tested) + train,
      train,
      accuracy: summary.test.accuracy,
    }),
  );
} finally {
  rmSync(cache, { recursive: true, force: true });
}
