// Text: the last layers of MiniLM trained from a cached boundary beside PyTorch, which runs the layers below at every step.
import { join } from "node:path";
import { root } from "../bootstrap.mjs";
import { fillSection, machine, median, table, timed } from "./timing.mjs";

const ENGINES = ["onnxruntime", "tfjs-node"];
const STEPS = 20;
const WARM = 5;
const SENTENCES = 2000;
const EPOCHS = 5;

export function text({ repeat, python, skipPeers, write }) {
  const bench = join(root, "scripts", "bench");
  const graft = (engine) => ({
    name: `graft, ${engine}`,
    run: () => timed(process.execPath, [join(bench, "text-pass.mjs"), engine, String(STEPS), String(WARM)]),
  });
  const peer = {
    name: "PyTorch",
    run: () => timed(python, [join(bench, "minilm_step.py"), String(STEPS), String(WARM)]),
  };
  const runners = [...ENGINES.map(graft), ...(skipPeers ? [] : [peer])].map((runner) => ({ ...runner, runs: [] }));
  // Alternating, so that a change in the machine's mood hits all of them.
  for (let i = 0; i < repeat; i++) {
    for (const { name, run, runs } of runners) {
      const { json, load } = run();
      runs.push({ ...json, load, training: training(json) });
      console.error(
        `${name}: ${json.step.toFixed(1)} sentences/s a step, ${json.features.toFixed(1)} forward (load ${load.toFixed(2)})`,
      );
    }
  }
  const of = ({ runs }, key) => median(runs.map((run) => run[key]));
  const torch = runners.find(({ name }) => name === peer.name);
  const ratio = (runner, key) => (torch === undefined ? "" : `${(of(runner, key) / of(torch, key)).toFixed(2)} ×`);
  const rows = runners.map((runner) => [
    runner.name,
    of(runner, "training").toFixed(1),
    ratio(runner, "training"),
    of(runner, "step").toFixed(1),
    ratio(runner, "step"),
    runner === torch ? "" : of(runner, "boundary").toFixed(1),
    of(runner, "features").toFixed(1),
    ratio(runner, "features"),
    of(runner, "load").toFixed(2),
  ]);
  const header = [
    "who",
    "training",
    "of PyTorch",
    "steps alone",
    "of PyTorch",
    "first pass",
    "features",
    "of PyTorch",
    "load",
  ];
  const page = [
    `${machine()}; MiniLM-L6, batches of 32 sentences of 32 tokens, sentences/s; medians of ${repeat} runs of ${STEPS} steps each.`,
    "",
    table(header, rows),
    "",
    `Training: the last three layers and a linear head by AdamW, ${EPOCHS} epochs of ${SENTENCES} sentences. Graft runs the three layers below once over all`,
    "sentences (the first pass, counted in) and trains from there; PyTorch runs them under `no_grad` at every step. The more epochs, the closer",
    "comes training to its steps alone. Features: the whole network forward, without training. Tokenizing, start and imports are counted for",
    "nobody.",
  ].join("\n");
  console.log(page);
  if (write) fillSection(join(root, "docs", "performance.md"), "text", page);
}

/** Sentences a second over all epochs: what a first pass takes, where there is one, is shared by them. */
function training({ step, boundary }) {
  const first = boundary === undefined ? 0 : SENTENCES / boundary;
  return (EPOCHS * SENTENCES) / (first + (EPOCHS * SENTENCES) / step);
}
