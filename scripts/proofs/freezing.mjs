// Every freezing strategy on pictures and on texts: accuracy, trained parameters, seconds. Writes docs/freezing.md's tables.
// node scripts/proofs/freezing.mjs [flowers] [pacs] [sst2] [--only lora,full]. Wants built packages and ../shared/data. Each strategy
// runs in a process of its own from an empty cache, one after the other.
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as freezingStrategies from "../../packages/freezing/dist/index.js";
import { fillSection, machine, table } from "../bench/timing.mjs";
import { root } from "../bootstrap.mjs";

const shared = join(root, "..", "shared", "data");
const PAGE = join(root, "docs", "freezing.md");
const ROWS = 2000;
const TASKS = {
  flowers: {
    title: "flowers (500 pictures train, 300 test), EfficientNet-Lite0, 4 epochs of batches of 16",
    source: join(shared, "flowers"),
    data: () => join(shared, "flowers"),
    settings: { epochs: 4, batch: 16 },
  },
  pacs: {
    title:
      "PACS sketches and cartoons of seven things (168 train, 168 test), EfficientNet-Lite0, 4 epochs of batches of 16",
    source: join(shared, "pacs"),
    data: pacs,
    settings: { epochs: 4, batch: 16 },
  },
  sst2: {
    title: `SST-2 (the first ${ROWS} rows train, the 872 of the development set test), MiniLM-L6, 2 epochs of batches of 32`,
    source: join(shared, "text-sst2"),
    data: sst2,
    settings: { epochs: 2, batch: 32 },
  },
};
/** A plan that is read from a file has no accuracy of its own. */
const strategies = Object.fromEntries(
  Object.entries(freezingStrategies).filter(([name, make]) => typeof make === "function" && name !== "planned"),
);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: "string" }, one: { type: "string" } },
});
if (values.one !== undefined) await runOne(positionals[0], values.one);
else runAll();

async function runOne(task, name) {
  const graft = await import(join(root, "packages", "graft-ml", "dist", "index.js"));
  const scratch = mkdtempSync(join(tmpdir(), "graft-freezing-"));
  try {
    const { settings, data } = TASKS[task];
    const { epochs, ...rest } = settings;
    const freezing = strategies[name]();
    const { summary, release } = await graft.transfer({
      ...rest,
      // The head alone is solved, not iterated: it needs no epochs.
      ...(name !== "frozen" && { epochs }),
      data: data(scratch),
      cache: join(scratch, "cache"),
      freezing,
      engine: name === "frozen" ? undefined : "onnxruntime",
    });
    await release();
    const { test, parameters, seconds, plan } = summary;
    console.log(
      JSON.stringify({ name: plan.strategy, accuracy: test.accuracy, interval: test.interval, parameters, seconds }),
    );
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function runAll() {
  const wanted = values.only?.split(",") ?? Object.keys(strategies);
  const tasks = positionals.length > 0 ? positionals : Object.keys(TASKS);
  for (const task of tasks) {
    const { title, source } = TASKS[task];
    if (!existsSync(source)) {
      console.error(`expected the data set in ${source}; it is not there`);
      process.exit(2);
    }
    const rows = [];
    for (const name of wanted) {
      const self = fileURLToPath(import.meta.url);
      const { status, stdout, stderr } = spawnSync(process.execPath, [self, task, "--one", name], { encoding: "utf8" });
      if (status !== 0) throw new Error(`${task}, ${name} failed:\n${stderr.slice(-2000)}`);
      const { name: strategy, accuracy, interval, parameters, seconds } = JSON.parse(stdout.trim().split("\n").at(-1));
      console.error(
        `${task}, ${strategy}: ${accuracy.toFixed(4)} in ${seconds.total.toFixed(1)} s (load ${loadavg()[0].toFixed(2)})`,
      );
      rows.push([
        `\`${strategy}\``,
        accuracy.toFixed(3),
        interval.map((bound) => bound.toFixed(3)).join("–"),
        parameters.trained.toLocaleString("en"),
        seconds.features.toFixed(1),
        seconds.train.toFixed(1),
        seconds.total.toFixed(1),
        loadavg()[0].toFixed(1),
      ]);
    }
    const header = [
      "strategy",
      "test accuracy",
      "95 %",
      "trained parameters",
      "frozen pass, s",
      "training, s",
      "whole run, s",
      "load",
    ];
    const text = [
      `${machine()}; ${title}; seed 0, options and rates as they are by default, onnxruntime.`,
      "",
      table(header, rows),
    ].join("\n");
    console.log(text);
    if (values.only === undefined) fillSection(PAGE, task, text);
  }
}

/** The first rows of the training set and the development set, as the two parts of one data folder. */
function sst2(scratch) {
  const folder = join(scratch, "sst2");
  mkdirSync(folder, { recursive: true });
  const lines = (file) => readFileSync(join(shared, "text-sst2", file), "utf8").split("\n");
  writeFileSync(
    join(folder, "train.tsv"),
    lines("train.tsv")
      .slice(0, ROWS + 1)
      .join("\n"),
  );
  writeFileSync(join(folder, "test.tsv"), lines("dev.tsv").join("\n"));
  return folder;
}

/** Drawings by class, both styles together: of each style and class every other picture by name trains, and the others test. */
function pacs(scratch) {
  const folder = join(scratch, "pacs");
  for (const style of ["cartoon", "sketch"]) {
    for (const label of readdirSync(join(shared, "pacs", style))) {
      const source = join(shared, "pacs", style, label);
      for (const [i, file] of readdirSync(source).sort().entries()) {
        const part = join(folder, i % 2 === 0 ? "train" : "test", label);
        mkdirSync(part, { recursive: true });
        copyFileSync(join(source, file), join(part, `${style}-${file}`));
      }
    }
  }
  return folder;
}
