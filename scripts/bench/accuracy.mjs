// Test accuracy of fine-tuning over several seeds, beside Keras and PyTorch: same pictures, weights, batches, rates and epochs.
import { join } from "node:path";
import { root } from "../bootstrap.mjs";
import { fineTuners, MODES } from "./fine-tuning.mjs";
import { fillSection, machine, median, table } from "./timing.mjs";

export function accuracy({ seeds, write, ...settings }) {
  const rows = [];
  for (const task of MODES) {
    const { mode, epochs } = task;
    const runners = fineTuners(task, settings, ["onnxruntime"]);
    const speedOf = ({ images, passed }) => (epochs * images) / passed;
    // Alternating, so that a change in the machine's mood hits all of them.
    for (let seed = 0; seed < seeds; seed++) {
      for (const { name, run, runs } of runners) {
        runs.push(run(seed));
        const { accuracy, load } = runs.at(-1);
        console.error(
          `${mode}, ${name}, seed ${seed}: ${accuracy.toFixed(4)}, ${speedOf(runs.at(-1)).toFixed(1)} images/s (load ${load.toFixed(2)})`,
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
        median(runs.map(speedOf)).toFixed(1),
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
