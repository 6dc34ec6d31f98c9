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
const DEFAULT = 1e-4;
const HIGH = 1e-3;
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
  return Array.from({ length: longest }, (_, i) => classes.flatMap((list) => list.slice(i, i + 1)))
    .flat()
    .slice(0, count);
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
  console.error(
    `${engine}: ${steps.length} steps, ${summary.seconds.train.toFixed(1)} s, all ${((performance.now() - started) / 1000).toFixed(1)} s, last loss ${steps.at(-1)}`,
  );
  return { steps, seconds: summary.seconds.train, accuracy: summary.test.accuracy, samples: summary.test.samples };
}

// At a small rate a difference of rounding stays one, so what differs is the engine. At a high rate, and sooner the more layers train,
// training multiplies it; the control, one engine with its rate changed by a millionth, shows how much. Only the former is judged.
const CALM = 2e-5;
const NUDGE = 1 + 1e-6;
const control = (rate) => ({ name: `${engines[0]}, rate · (1 + 10⁻⁶)`, engine: engines[0], rate: rate * NUDGE });
const runners = (rate, names) => names.map((engine) => ({ name: engine, engine, rate }));
const slow = engines.filter((name) => name !== "tfjs-wasm");
const scenarios = [
  {
    name: "`--freezing last`",
    options: { freezing: last(), head: linear() },
    rate: DEFAULT,
    judged: true,
    names: engines,
  },
  {
    name: "`--freezing full`",
    options: { freezing: full(), head: linear() },
    rate: CALM,
    judged: true,
    names: engines,
  },
  { name: "frozen, `--head mlp`", options: { head: mlp() }, rate: HIGH, judged: true, names: engines },
  {
    name: "`--freezing full`",
    options: { freezing: full(), head: linear() },
    rate: DEFAULT,
    judged: false,
    names: slow,
  },
  { name: "`--freezing last`", options: { freezing: last(), head: linear() }, rate: HIGH, judged: false, names: slow },
];
let failed = false;
function verdict(value, limit, judged) {
  if (judged && !(value <= limit)) failed = true;
  return value <= limit ? "yes" : judged ? "**no**" : "no";
}

const lossRows = [];
const few = [...some("train", STEPS * BATCH), ...some("test", 2 * BATCH)];
for (const { name, options, rate, judged, names } of scenarios) {
  console.error(`${name} at ${rate}`);
  let reference;
  for (const runner of [...runners(rate, names), ...(judged ? [] : [control(rate)])]) {
    const run = await fit(runner.engine, { ...options, rate: runner.rate }, few);
    const shown = [0, 4, 9, 19].map((i) => run.steps[i].toFixed(5));
    const speed = (run.seconds / run.steps.length).toFixed(2);
    if (reference === undefined) {
      reference = run.steps;
      lossRows.push([name, rate, runner.name, ...shown, "reference", "", speed]);
      continue;
    }
    const off = run.steps.map((loss, i) => Math.abs(loss / reference[i] - 1));
    const worst = Math.max(...off);
    const leaves = off.findIndex((value) => value > LOSS_TOLERANCE);
    const place = leaves < 0 ? "" : ` (below ${LOSS_TOLERANCE} up to step ${leaves})`;
    lossRows.push([
      name,
      rate,
      runner.name,
      ...shown,
      worst.toExponential(1) + place,
      verdict(worst, LOSS_TOLERANCE, judged),
      speed,
    ]);
  }
}

// One run says little at the high rate: its accuracy can move by more than the tolerance when the rate changes by a millionth.
const epochRows = [];
for (const { rate, nudges } of [
  { rate: DEFAULT, nudges: [0] },
  { rate: HIGH, nudges: [0, 1, 2, 3] },
]) {
  console.error(`one epoch at ${rate}`);
  let reference;
  for (const engine of engines) {
    const runs = [];
    for (const nudge of nudges) {
      const options = { ...scenarios[0].options, rate: rate * (1 + nudge * 1e-6) };
      runs.push(await fit(engine, options, dataset.samples));
    }
    const mean = (of) => runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
    const accuracy = mean((run) => run.accuracy);
    const difference = Math.abs(accuracy - (reference ?? accuracy));
    const said =
      reference === undefined
        ? ["reference", ""]
        : [difference.toFixed(4), verdict(difference, ACCURACY_TOLERANCE, true)];
    reference ??= accuracy;
    const each = runs.map((run) => run.accuracy.toFixed(4)).join(", ");
    epochRows.push([rate, engine, each, accuracy.toFixed(4), ...said, mean((run) => run.seconds).toFixed(1)]);
  }
}
rmSync(scratch, { recursive: true, force: true });

const table = (head, rows) => [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
const text = [
  "# The engines train alike",
  "",
  `Made by \`node scripts/proofs/engines.mjs\` (${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} cores, load ${loadavg()[0].toFixed(2)}): the flowers, EfficientNet-Lite0, AdamW`,
  `and one cycle, batches of ${BATCH}, seed ${SEED}; only the training engine differs. Seconds are for orientation: the machine was shared.`,
  "",
  `## Losses of ${STEPS} steps`,
  "",
  `Each loss is taken before its update. Two engines agree if no loss differs by more than ${LOSS_TOLERANCE}, relative.`,
  "",
  `The default peak rate is ${DEFAULT} where pretrained layers train and ${HIGH} for a head alone. \`last\` and the head are judged at their defaults.`,
  `When all convolutions train at the default, or some at ${HIGH}, the engines part after some steps, about as far as one engine parts from itself: relu6 has`,
  "corners, and AdamW turns a gradient whose sign rounding decides into a whole step. The control is the first engine with its rate changed by a",
  `millionth. \`full\` is therefore judged at ${CALM}, where rounding stays rounding; the others are shown. tfjs-wasm is slow and runs what is judged only.`,
  "",
  ...table(
    [
      "training",
      "peak rate",
      "engine",
      "loss at 1",
      "at 5",
      "at 10",
      "at 20",
      "largest difference",
      "agrees",
      "s a step",
    ],
    lossRows,
  ),
  "",
  "## One epoch of `--freezing last`",
  "",
  `On all training pictures, tested on the ${dataset.samples.filter((sample) => sample.split === "test").length} others; the accuracies agree if they differ by at most ${ACCURACY_TOLERANCE}. At the rate of ${HIGH} a single run`,
  "can move by more than that when its rate changes by a millionth; so four runs are made, 0 to 3 millionths apart, and their means are compared.",
  "",
  ...table(["peak rate", "engine", "accuracy", "mean", "difference", "agrees", "seconds a run"], epochRows),
  "",
];
mkdirSync(join(root, "docs", "proofs"), { recursive: true });
writeFileSync(join(root, "docs", "proofs", "engines.md"), text.join("\n"));
console.log(text.join("\n"));
process.exitCode = failed ? 1 : 0;
