// Test accuracy of fine-tuning over several seeds, beside Keras and PyTorch: same pictures, weights, batches, rates and epochs.
import { join } from "node:path";
import { root } from "../bootstrap.mjs";
import { fillSection, machine, median, table, timed } from "./timing.mjs";
import { MODES } from "./training.mjs";

export function accuracy({ flowers, peers, seeds, python, skipPeers, write }) {
  const [train, test] = ["train", "val"].map((part) => join(flowers, part));
  const pass = join(root, "scripts", "bench", "training-pass.mjs");
  const rows = [];
  for (const { mode, epochs, rate } of MODES) {
    const peer = (name, script) => ({
      name,
      run(seed) {
        const args = [
          join(peers, script),
          train,
          test,
          "--mode",
          mode,
          "--epochs",
          epochs,
          "--lr",
          rate,
          "--seed",
          seed,
        ];
        const { json, load } = timed(python, args.map(String));
        return { accuracy: json.test_accuracy, speed: (epochs * json.images) / json.fit_s, load };
      },
    });
    const graft = {
      name: "graft, onnxruntime",
      run(seed) {
        const { json, load } = timed(
          process.execPath,
          [pass, flowers, mode, "onnxruntime", epochs, rate, seed].map(String),
        );
        return { accuracy: json.accuracy, speed: (epochs * json.images) / json.passed, load };
      },
    };
    const runners = [
      graft,
      ...(skipPeers ? [] : [peer("Keras", "keras_transfer.py"), peer("PyTorch", "torch_transfer.py")]),
    ].map((runner) => ({ ...runner, runs: [] }));
    // Alternating, so that a change in the machine's mood hits all of them.
    for (let seed = 0; seed < seeds; seed++) {
      for (const { name, run, runs } of runners) {
        runs.push(run(seed));
        const { accuracy, speed, load } = runs.at(-1);
        console.error(
          `${mode}, ${name}, seed ${seed}: ${accuracy.toFixed(4)}, ${speed.toFixed(1)} images/s (load ${load.toFixed(2)})`,
        );
      }
    }
    for (const { name, runs } of runners) {
      const found = runs.map(({ accuracy }) => accuracy);
      const mean = found.reduce((sum, value) => sum + value, 0) / seeds;
      const variance = found.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (seeds - 1);
      rows.push([
        `\`${mode}\`, ${epochs} epochs`,
        name,
        mean.toFixed(3),
        Math.sqrt(variance / seeds).toFixed(3),
        found.map((value) => value.toFixed(3)).join(", "),
        median(runs.map(({ speed }) => speed)).toFixed(1),
        median(runs.map(({ load }) => load)).toFixed(2),
      ]);
    }
  }
  const text = [
    `${machine()}. Test accuracy on the 300 test pictures of flowers after the same training with seeds 0 to ${seeds - 1}: Adam at 0.0001, constant, batches of 16, batch normalisation frozen.`,
    "",
    table(
      ["mode", "who", "mean accuracy", "standard error of the mean", "each seed", "images/s, median", "load"],
      rows,
    ),
    "",
    "Images/s as in the table above, decoding apart; the runs alternated.",
  ].join("\n");
  console.log(text);
  if (write) fillSection(join(root, "docs", "performance.md"), "accuracy", text);
}
