// The same training on every engine that is here: losses step by step, and the accuracy after an epoch. Writes docs/proofs/engines.md.
// Wants built packages (`pnpm build`) and the flowers, or another image folder as first argument.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { imageFolder } from "../../packages/data/dist/index.js";
import { full, last, linear, mlp, probeEngines, transfer } from "../../packages/graft-ml/dist/index.js";
import { root } from "../bootstrap.mjs";

const data = process.argv[2] ?? join(root, "..", "shared", "data", "flowers");
if (!existsSync(data)) {
  console.error(`expected a folder of pictures; ${data} does not exist`);
  process.exit(2);
}
const BATCH = 16;
const STEPS = 20;
const SEED = 7;
const LOSS_TOLERANCE = 1e-3;
const ACCURACY_TOLERANCE = 0.02;

const scratch = mkdtempSync(join(tmpdir(), "graft-engines-"));
const engines = (await probeEngines()).filter((report) => report.available).map((report) => report.name);
if (engines.length < 2) {
  console.error(`expected at least two engines; available: ${engines.join(", ")}. See \`graft doctor\``);
  process.exit(2);
}
const dataset = await imageFolder(data, { seed: SEED });

/** As many samples of a split as asked for, class after class in turn, so that every class is there. */
function some(split, count) {
  const classes = dataset.classes.map((_, k) => dataset.samples.filter((s) => s.split === split && s.label === k));
  const longest = Math.max(...classes.map((list) => list.length));
  return Array.from({ length: longest }, (_, i) => classes.flatMap((list) => list.slice(i, i + 1))).flat().slice(0, count);
}

async function fit(engine, options, samples) {
  const started = performance.now();
  const result = await transfer({
    data: { ...dataset, samples },
    cache: join(scratch, "cache"),
    seed: SEED,
    batch: BATCH,
    epochs: 1,
    patience: 0,
    ...options,
    engine,
  });
  const { summary } = result;
  await result.release();
  if (summary.engine.train !== engine) throw new Error(`expected ${engine} to train; ${summary.engine.train} did`);
  const { steps } = summary.train.method;
  console.error(`${engine}: ${steps.length} steps, ${summary.seconds.train.toFixed(1)} s, all ${((performance.now() - started) / 1000).toFixed(1)} s, last loss ${steps.at(-1)}`);
  return { steps, seconds: summary.seconds.train, accuracy: summary.test.accuracy, samples: summary.test.samples };
}

const scenarios = [
  { name: "`--freezing last`", options: { freezing: last(), head: linear() } },
  { name: "`--freezing full`", options: { freezing: full(), head: linear() } },
  { name: "frozen, `--head mlp`", options: { head: mlp() } },
];
let failed = false;
const judge = (value, limit) => {
  if (!(value <= limit)) failed = true;
  return value <= limit ? "yes" : "**no**";
};

const lossRows = [];
const few = [...some("train", STEPS * BATCH), ...some("test", 2 * BATCH)];
for (const { name, options } of scenarios) {
  console.error(name);
  let reference;
  for (const engine of engines) {
    const run = await fit(engine, options, few);
    reference ??= run.steps;
    const off = run.steps.map((loss, i) => Math.abs(loss / reference[i] - 1));
    const worst = Math.max(...off);
    const verdict = run.steps === reference ? "" : judge(worst, LOSS_TOLERANCE);
    const difference = run.steps === reference ? "reference" : `${worst.toExponential(1)} (step ${off.indexOf(worst) + 1})`;
    const shown = [0, 4, 9, 19].map((i) => run.steps[i].toFixed(6));
    lossRows.push([name, engine, ...shown, difference, verdict, (run.seconds / run.steps.length).toFixed(2)]);
  }
}

const epochRows = [];
let first;
console.error("one epoch");
for (const engine of engines) {
  const run = await fit(engine, scenarios[0].options, dataset.samples);
  first ??= run.accuracy;
  const difference = Math.abs(run.accuracy - first);
  const verdict = run.accuracy === first && epochRows.length === 0 ? "" : judge(difference, ACCURACY_TOLERANCE);
  epochRows.push([engine, run.steps.length, run.samples, run.accuracy.toFixed(4), difference.toFixed(4), verdict, run.seconds.toFixed(1)]);
}
rmSync(scratch, { recursive: true, force: true });

const table = (head, rows) => [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
const text = [
  "# The engines train alike",
  "",
  `Made by \`node scripts/proofs/engines.mjs\` (${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} cores, load ${loadavg()[0].toFixed(2)}): the flowers, EfficientNet-Lite0, AdamW`,
  `with its defaults and one cycle, batches of ${BATCH}, seed ${SEED}; only the training engine differs. Seconds are for orientation: the machine was shared.`,
  "",
  `## Losses of ${STEPS} steps`,
  "",
  `Each loss is taken before its update. They agree if no loss differs from the first engine's by more than ${LOSS_TOLERANCE}, relative.`,
  "",
  ...table(["training", "engine", "loss at 1", "at 5", "at 10", "at 20", "largest difference", "agrees", "s a step"], lossRows),
  "",
  "## One epoch of `--freezing last`",
  "",
  `On all training pictures; the accuracies agree within ${ACCURACY_TOLERANCE}.`,
  "",
  ...table(["engine", "steps", "test pictures", "accuracy", "difference", "agrees", "seconds"], epochRows),
  "",
];
mkdirSync(join(root, "docs", "proofs"), { recursive: true });
writeFileSync(join(root, "docs", "proofs", "engines.md"), text.join("\n"));
console.log(text.join("\n"));
process.exitCode = failed ? 1 : 0;
