// Times Graft beside its peers in one run: `pnpm bench [--repeat 3] [--python PATH] [--skip-peers] [--write]`.
// Peers are Keras scripts in ../shared/peers, run with a Python that has tensorflow-cpu, torch, pillow and the weights package.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./bootstrap.mjs";

const { values: options } = parseArgs({
  options: {
    repeat: { type: "string", default: "3" },
    python: { type: "string", default: process.env.GRAFT_PYTHON ?? "python3" },
    "skip-peers": { type: "boolean", default: false },
    write: { type: "boolean", default: false },
  },
});
const repeat = Number(options.repeat);
const flowers = join(root, "..", "shared", "data", "flowers");
const peers = join(root, "..", "shared", "peers");
if (!existsSync(flowers)) {
  console.error(`the benchmark needs the flowers data set in ${flowers}; it is not there`);
  process.exit(2);
}
const graft = join(root, "apps", "cli", "bin", "graft.mjs");
const scratch = mkdtempSync(join(tmpdir(), "graft-bench-"));
const rows = [];

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

/** Runs a command; its wall seconds and its JSON. */
function timed(command, args, env = {}) {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: "utf8",
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed:\n${stderr.slice(-2000)}`);
  return {
    seconds: (performance.now() - start) / 1000,
    json: JSON.parse(stdout.trim().split("\n").at(-1)),
    load: loadavg()[0],
  };
}

function record(name, runs, accuracy, note = "") {
  const seconds = median(runs.map((run) => run.seconds));
  rows.push({ name, seconds, accuracy, load: median(runs.map((run) => run.load)), note });
  console.error(
    `${name}: ${seconds.toFixed(2)} s${accuracy === undefined ? "" : `, accuracy ${accuracy.toFixed(4)}`} (load ${loadavg()[0].toFixed(2)})`,
  );
  return seconds;
}

// Alternating, so that a change in the machine's mood hits all of them.
const bare = [];
const cold = [];
const warm = [];
for (let i = 0; i < repeat; i++) {
  bare.push(timed(process.execPath, [join(root, "scripts", "bench", "bare-pass.mjs"), flowers]));
  const cache = join(scratch, `cache${i}`);
  const fit = () =>
    timed(process.execPath, [graft, "fit", flowers, "--json", "--force", "--out", join(scratch, "bundle")], {
      GRAFT_CACHE: cache,
    });
  cold.push(fit());
  warm.push(fit());
}
const decode = median(bare.map((run) => run.json.decode));
const pass = median(bare.map((run) => run.json.pass));
const bareSeconds = decode + pass;
rows.push({
  name: "decoding, then one ONNX Runtime pass (bare loop)",
  seconds: bareSeconds,
  load: median(bare.map((run) => run.load)),
  note: `decode ${decode.toFixed(2)} s, pass ${pass.toFixed(2)} s`,
});
const coldSeconds = record("graft fit, empty cache", cold, cold[0].json.test.accuracy);
record("graft fit, second run", warm, warm[0].json.test.accuracy, `${warm[0].json.cache.misses} features computed`);

const [train, test] = ["train", "val"].map((part) => join(flowers, part));
if (!options["skip-peers"]) {
  for (const [name, extra, times] of [
    ["Keras, frozen base, 20 epochs", [], 1],
    ["Keras, features cached by hand, 20 epochs", ["--cache"], repeat],
  ]) {
    const runs = Array.from({ length: times }, () =>
      timed(options.python, [
        join(peers, "keras_transfer.py"),
        train,
        test,
        "--mode",
        "frozen",
        "--epochs",
        "20",
        ...extra,
      ]),
    );
    for (const run of runs) run.seconds = run.json.decode_s + run.json.fit_s;
    record(
      name,
      runs,
      runs[0].json.test_accuracy,
      `after decoding ${median(runs.map((run) => run.json.fit_s)).toFixed(1)} s; Python's start and imports not counted`,
    );
  }
}

const lines = [
  `Node ${process.version}, ${availableParallelism()} cores (${cpus()[0]?.model.trim()}), ${new Date().toISOString().slice(0, 10)}; medians of ${repeat}; ${readdirSync(train).length} classes, flowers.`,
  "",
  "| work | seconds | of cold `graft fit` | test accuracy | load | |",
  "|---|---|---|---|---|---|",
  ...rows.map(
    ({ name, seconds, accuracy, load, note }) =>
      `| ${name} | ${seconds.toFixed(2)} | ${(seconds / coldSeconds).toFixed(2)} × | ${accuracy === undefined ? "" : accuracy.toFixed(4)} | ${load.toFixed(2)} | ${note ?? ""} |`,
  ),
  "",
  `Cold \`graft fit\` takes ${(coldSeconds / bareSeconds).toFixed(2)} × decoding and one bare pass, process start included.`,
];
console.log(lines.join("\n"));
if (options.write)
  writeFileSync(
    join(root, "docs", "proofs", "frozen-benchmark.md"),
    `# Frozen features against Keras\n\nMade by \`pnpm bench --write\`.\n\n${lines.join("\n")}\n`,
  );
rmSync(scratch, { recursive: true, force: true });
