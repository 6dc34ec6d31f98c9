// Compares the memory that `graft inspect` predicts for a training step with what a process really takes. Writes
// docs/proofs/step-memory.md. Wants built packages. Each case runs in a process of its own; exits with 1 beyond a quarter.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { machine, table } from "../bench/timing.mjs";
import { root } from "../bootstrap.mjs";
import { stepOf } from "../training-steps.mjs";

const CASES = [
  ["last", 16],
  ["last", 64],
  ["full", 4],
  ["full", 16],
  ["full", 32],
];
const ENGINES = ["onnxruntime", "tfjs-node"];
const TOLERANCE = 0.25;

const { float32 } = await import(join(root, "packages", "core", "dist", "index.js"));
const { openEngine, probeEngines } = await import(join(root, "packages", "runtime", "dist", "index.js"));
const { stepFeed } = await import(join(root, "packages", "trainers", "dist", "index.js"));

/** Largest and present resident memory in bytes. */
function resident() {
  const status = readFileSync("/proc/self/status", "utf8");
  const field = (name) => 1024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]);
  return { peak: field("VmHWM"), now: field("VmRSS") };
}

async function measure(name, mode, batch) {
  const { step, spec, boundary } = await stepOf(mode, batch);
  const engine = await openEngine(name);
  const options = { carry: step.carry, initial: step.initial };
  const predicted = engine.predictMemory(step.graph, {}, options);
  const { dims } = step.graph.inputs.find((input) => input.name === boundary);
  const values = float32(dims, new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(0.3));
  const feed = (number) =>
    stepFeed(spec, {
      inputs: { [boundary]: values },
      targets: Array.from({ length: batch }, (_, i) => i % 5),
      rate: 1e-4,
      step: number,
    });
  globalThis.gc();
  const before = resident();
  const program = await engine.prepare(step.graph, options);
  for (let i = 1; i <= 4; i++) await program.run(feed(i), ["loss"]);
  const { peak } = resident();
  await program.release();
  console.log(JSON.stringify({ predicted, measured: peak - before.now }));
}

if (process.argv[2] === "--measure") {
  await measure(process.argv[3], process.argv[4], Number(process.argv[5]));
} else {
  const available = (await probeEngines()).filter((report) => report.available).map((report) => report.name);
  const rows = [];
  let worst = 0;
  for (const name of ENGINES.filter((engine) => available.includes(engine))) {
    for (const [mode, batch] of CASES) {
      const script = fileURLToPath(import.meta.url);
      const args = ["--expose-gc", script, "--measure", name, mode, String(batch)];
      const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
      if (status !== 0) throw new Error(stderr);
      const { predicted, measured } = JSON.parse(stdout.trim().split("\n").at(-1));
      const off = predicted / measured - 1;
      worst = Math.max(worst, Math.abs(off));
      const percent = `${off < 0 ? "−" : "+"}${Math.abs(100 * off).toFixed(0)} %`;
      rows.push([name, `\`${mode}\``, batch, (predicted / 1e6).toFixed(0), (measured / 1e6).toFixed(0), percent]);
      console.error(rows.at(-1).join("  "));
    }
  }
  const text = [
    "# Memory of a training step, predicted and measured",
    "",
    `Made by \`node scripts/proofs/step-memory.mjs\` (${machine()}): EfficientNet-Lite0, AdamW, four steps. Predicted is what \`graft inspect\` says,`,
    "from shapes alone; measured is by how much the largest resident memory of the process grew from before the step was prepared. MB.",
    "",
    table(["engine", "mode", "batch", "predicted", "measured", "difference"], rows),
    "",
  ].join("\n");
  writeFileSync(join(root, "docs", "proofs", "step-memory.md"), text);
  console.log(text);
  if (worst > TOLERANCE) process.exit(1);
}
