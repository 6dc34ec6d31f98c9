// What fine-tunes flowers in the benchmarks of speed and of accuracy: Graft on an engine, Keras and PyTorch, each in a process of its own.
import { join } from "node:path";
import { root } from "../bootstrap.mjs";
import { timed } from "./timing.mjs";

/** What is trained: how much of the network, for how long, at which rate. */
export const MODES = [
  { mode: "last", epochs: 5, rate: 1e-4 },
  { mode: "full", epochs: 2, rate: 1e-4 },
];

/**
 * Who trains in a mode. A run gives `images`, `accuracy`, `load` and seconds: `seconds` in all, `passed` without decoding, `train` alone;
 * a peer's are the same, since it decodes once and keeps nothing else.
 */
export function fineTuners({ mode, epochs, rate }, { flowers, peers, python, skipPeers }, engines) {
  const [train, test] = ["train", "val"].map((part) => join(flowers, part));
  const pass = join(root, "scripts", "bench", "training-pass.mjs");
  const graft = (engine) => ({
    name: `graft, ${engine}`,
    run(seed = 0) {
      const { json, load } = timed(process.execPath, [pass, flowers, mode, engine, epochs, rate, seed].map(String));
      return { ...json, load, seconds: json.whole };
    },
  });
  const peer = (name, script) => ({
    name,
    run(seed = 0) {
      const args = [join(peers, script), train, test, "--mode", mode, "--epochs", epochs, "--lr", rate, "--seed", seed];
      const { json, load } = timed(python, args.map(String));
      const { images, fit_s: fit, test_accuracy: accuracy } = json;
      return { images, seconds: fit, passed: fit, train: fit, accuracy, load };
    },
  });
  return [
    ...engines.map(graft),
    ...(skipPeers ? [] : [peer("Keras", "keras_transfer.py"), peer("PyTorch", "torch_transfer.py")]),
  ].map((tuner) => ({ ...tuner, runs: [] }));
}
