// Fine-tuning: images a second on each engine beside Keras and PyTorch, which run the whole network at every step.
import { join } from "node:path";
import { root } from "../bootstrap.mjs";
import { fineTuners, MODES } from "./fine-tuning.mjs";
import { fillSection, machine, median, table } from "./timing.mjs";

const ENGINES = ["onnxruntime", "tfjs-node"];

export function training({ repeat, write, ...settings }) {
  const rows = [];
  for (const task of MODES) {
    const { mode, epochs } = task;
    const runners = fineTuners(task, settings, ENGINES);
    // Alternating, so that a change in the machine's mood hits all of them.
    for (let i = 0; i < repeat; i++) {
      for (const { name, run, runs } of runners) {
        runs.push(run());
        const { seconds, accuracy, load } = runs.at(-1);
        console.error(
          `${mode}, ${name}: ${seconds.toFixed(1)} s, accuracy ${accuracy.toFixed(4)} (load ${load.toFixed(2)})`,
        );
      }
    }
    const rateOf = (runs, key) => (epochs * runs[0].images) / median(runs.map((run) => run[key]));
    const keras = runners.find(({ name }) => name === "Keras");
    for (const { name, runs } of runners) {
      const whole = rateOf(runs, "seconds");
      rows.push([
        `\`${mode}\`, ${epochs} ${epochs === 1 ? "epoch" : "epochs"}`,
        name,
        whole.toFixed(1),
        keras === undefined ? "" : `${(whole / rateOf(keras.runs, "seconds")).toFixed(2)} ×`,
        rateOf(runs, "passed").toFixed(1),
        keras === undefined ? "" : `${(rateOf(runs, "passed") / rateOf(keras.runs, "passed")).toFixed(2)} ×`,
        rateOf(runs, "train").toFixed(1),
        median(runs.map((run) => run.accuracy)).toFixed(3),
        median(runs.map((run) => run.load)).toFixed(2),
      ]);
    }
  }
  const header = [
    "mode",
    "who",
    "images/s, decoding included",
    "of Keras",
    "images/s, decoding apart",
    "of Keras",
    "images/s, training alone",
    "test accuracy",
    "load",
  ];
  const text = [
    `${machine()}; flowers (500 pictures train, 300 test), EfficientNet-Lite0, batches of 16, Adam at 0.0001, constant; medians of ${repeat}.`,
    "",
    table(header, rows),
    "",
    "Decoding included: from an empty cache to the trained weights, with scanning, decoding and the frozen pass over all 800 pictures. Decoding apart:",
    "the frozen pass over the training pictures and training. A peer's images/s are its own in every column, after decoding, which it does once",
    "and holds in memory; Python's start and imports are not counted.",
  ].join("\n");
  console.log(text);
  if (write) fillSection(join(root, "docs", "performance.md"), "training", text);
}
