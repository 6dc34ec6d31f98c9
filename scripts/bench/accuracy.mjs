// Test accuracy of fine-tuning over several seeds, beside Keras and PyTorch: same pictures, weights, batches, rates and epochs.
import { join } from "node:path";
import { root } from "../bootstrap.mjs";
import { fillSection, table, timed } from "./timing.mjs";
import { MODES } from "./training.mjs";

export function accuracy({ flowers, peers, seeds, python, skipPeers, write }) {
  const [train, test] = ["train", "val"].map((part) => join(flowers, part));
  const pass = join(root, "scripts", "bench", "training-pass.mjs");
  const rows = [];
  for (const { mode, epochs, rate } of MODES) {
    const peer = (script) => (seed) => {
      const args = [join(peers, script), train, test, "--mode", mode, "--epochs", epochs, "--lr", rate, "--seed", seed];
      return timed(python, args.map(String)).json.test_accuracy;
    };
    const runners = {
      "graft, onnxruntime": (seed) =>
        timed(process.execPath, [pass, flowers, mode, "onnxruntime", epochs, rate, seed].map(String)).json.accuracy,
      ...(!skipPeers && { Keras: peer("keras_transfer.py"), PyTorch: peer("torch_transfer.py") }),
    };
    for (const [name, run] of Object.entries(runners)) {
      const found = Array.from({ length: seeds }, (_, seed) => run(seed));
      console.error(`${mode}, ${name}: ${found.map((value) => value.toFixed(4)).join(" ")}`);
      const mean = found.reduce((sum, value) => sum + value, 0) / seeds;
      const variance = found.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (seeds - 1);
      rows.push([
        `\`${mode}\`, ${epochs} epochs`,
        name,
        mean.toFixed(4),
        Math.sqrt(variance / seeds).toFixed(4),
        found.map((value) => value.toFixed(3)).join(", "),
      ]);
    }
  }
  const text = [
    `Test accuracy on the 300 test pictures of flowers after the same training with seeds 0 to ${seeds - 1}: Adam at 0.0001, constant, batches of 16, batch normalisation frozen.`,
    "",
    table(["mode", "who", "mean accuracy", "standard error of the mean", "each seed"], rows),
  ].join("\n");
  console.log(text);
  if (write) fillSection(join(root, "docs", "performance.md"), "accuracy", text);
}
