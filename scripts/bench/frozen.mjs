// Frozen features: `graft fit` from an empty cache beside a bare loop and Keras.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../bootstrap.mjs";
import { machine, median, timed } from "./timing.mjs";

export function frozen({ flowers, peers, repeat, python, skipPeers, write }) {
  const graft = join(root, "apps", "cli", "bin", "graft.mjs");
  const scratch = mkdtempSync(join(tmpdir(), "graft-bench-"));
  const rows = [];

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
  const warmSeconds = record(
    "graft fit, second run",
    warm,
    warm[0].json.test.accuracy,
    `${warm[0].json.cache.misses} features computed`,
  );

  const [train, test] = ["train", "val"].map((part) => join(flowers, part));
  if (!skipPeers) {
    for (const [name, extra, times] of [
      ["Keras, frozen base, 20 epochs", [], 1],
      ["Keras, features cached by hand, 20 epochs", ["--cache"], repeat],
    ]) {
      const runs = Array.from({ length: times }, () =>
        timed(python, [join(peers, "keras_transfer.py"), train, test, "--mode", "frozen", "--epochs", "20", ...extra]),
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
    `${machine()}; medians of ${repeat}; ${readdirSync(train).length} classes, flowers.`,
    "",
    "| work | seconds | of cold `graft fit` | test accuracy | load | |",
    "|---|---|---|---|---|---|",
    ...rows.map(
      ({ name, seconds, accuracy, load, note }) =>
        `| ${name} | ${seconds.toFixed(2)} | ${(seconds / coldSeconds).toFixed(2)} × | ${accuracy === undefined ? "" : accuracy.toFixed(4)} | ${load.toFixed(2)} | ${note ?? ""} |`,
    ),
    "",
    `Cold \`graft fit\` takes ${(coldSeconds / bareSeconds).toFixed(2)} × decoding and one bare pass, process start included.`,
    `Its features take ${(coldSeconds - warmSeconds).toFixed(2)} s, what the second run does not need: the bare loop at ${((100 * bareSeconds) / (coldSeconds - warmSeconds)).toFixed(0)} % of its speed.`,
  ];
  console.log(lines.join("\n"));
  if (write)
    writeFileSync(
      join(root, "docs", "proofs", "frozen-benchmark.md"),
      `# Frozen features against Keras\n\nMade by \`pnpm bench --write\`.\n\n${lines.join("\n")}\n`,
    );
  rmSync(scratch, { recursive: true, force: true });
}
