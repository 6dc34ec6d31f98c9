// Runs ten thousand training steps on every engine that is here and watches the process's memory. Writes docs/proofs/leak.md.
// Wants built packages. Each engine runs in a process of its own.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { machine, table } from "../bench/timing.mjs";
import { root } from "../bootstrap.mjs";

const STEPS = 10_000;
const MARKS = [1_000, 2_500, 5_000, 7_500, STEPS];
/** After so many marks code is compiled and pools are filled; memory still breathes by a few megabytes. */
const SETTLED = 2;
/** Growth after it that is no leak; one activation left behind at each step would be more than two hundred times that. */
const MOST = 2_000_000;
const load = (name) => import(join(root, "packages", name, "dist", "index.js"));

/** Resident memory in bytes. */
const resident = () => 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]);

/** A small convnet: dense and depthwise convolutions, batch norm, relu6, pooling, a linear head, AdamW with clipping. */
async function measure(name) {
  const { float32, seededRandom } = await load("core");
  const { graphBuilder } = await load("graph");
  const { linear } = await load("heads");
  const { attachHead, optimizers, stepFeed, trainingStep } = await load("trainers");
  const { openEngine } = await load("runtime");
  const random = seededRandom(1);
  const draw = (dims, scale = 0.3) =>
    float32(
      dims,
      Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => scale * random.normal()),
    );
  const g = graphBuilder();
  const x = g.input("x", "float32", ["batch", 3, 12, 12]);
  const layer = (value, key, dims, group) => {
    const y = g.op("Conv", [value, g.parameter(`${key}.w`, draw(dims))], { pads: [1, 1, 1, 1], group });
    return g.op("Clip", [y, g.scalar(0), g.scalar(6)]);
  };
  const features = g.op("Flatten", [
    g.op("GlobalAveragePool", [layer(layer(x, "a", [16, 3, 3, 3], 1), "b", [16, 1, 3, 3], 16)]),
  ]);
  const graph = g.finish([g.name(features, "features")]);
  const targets = { classes: ["a", "b", "c"] };
  const head = linear();
  const headed = attachHead(graph, "features", head, targets, seededRandom(2));
  const optimizer = optimizers.adamw();
  const step = trainingStep({
    headed,
    head,
    targets,
    rates: { "a.w": 1, "b.w": 1 },
    normalization: "frozen",
    optimizer,
    batch: 8,
    clipNorm: 1,
  });
  const engine = await openEngine(name);
  const program = await engine.prepare(step.graph, { carry: step.carry, initial: step.initial });
  const values = draw([8, 3, 12, 12], 1);
  const marks = [];
  for (let i = 1; i <= STEPS; i++) {
    const batch = {
      inputs: { x: values },
      targets: Array.from({ length: 8 }, (_, k) => (i + k) % 3),
      rate: 1e-4,
      step: i,
    };
    await program.run(stepFeed({ head, targets, optimizer }, batch), ["loss"]);
    if (MARKS.includes(i)) {
      globalThis.gc();
      marks.push(resident());
    }
  }
  await program.release();
  console.log(JSON.stringify(marks));
}

if (process.argv[2] === "--measure") {
  await measure(process.argv[3]);
} else {
  const { probeEngines } = await load("runtime");
  const rows = [];
  let leaks = false;
  for (const { name, available } of await probeEngines()) {
    if (!available) continue;
    const script = fileURLToPath(import.meta.url);
    const { stdout, stderr, status } = spawnSync(process.execPath, ["--expose-gc", script, "--measure", name], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(stderr);
    const marks = JSON.parse(stdout.trim().split("\n").at(-1));
    // The least of the later marks: a collector may be late, a leak never gives back.
    const growth = Math.min(...marks.slice(-2)) - Math.max(...marks.slice(0, SETTLED));
    leaks ||= growth > MOST;
    rows.push([name, ...marks.map((bytes) => (bytes / 1e6).toFixed(1)), `${(growth / 1e3).toFixed(0)} kB`]);
    console.error(rows.at(-1).join("  "));
  }
  const text = [
    "# Steps leave nothing behind",
    "",
    `Made by \`node scripts/proofs/leak.mjs\` (${machine()}): a small convnet, AdamW with clipping, batches of 8, one process an engine.`,
    "Resident memory in MB after so many steps; growth is from the larger of the first two marks, when code is compiled and pools are filled,",
    "to the least of the last two.",
    "",
    table(["engine", ...MARKS.map((steps) => steps.toLocaleString("en")), "growth"], rows),
    "",
  ].join("\n");
  writeFileSync(join(root, "docs", "proofs", "leak.md"), text);
  console.log(text);
  if (leaks) process.exit(1);
}
