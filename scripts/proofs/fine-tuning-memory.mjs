// Fine-tunes on 5,000 pictures with the command and reports the largest memory of the process. Writes docs/proofs/fine-tuning-memory.md.
// node scripts/proofs/fine-tuning-memory.mjs [folder of pictures]. Wants built packages.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { imageFolder } from "../../packages/data/dist/index.js";
import { root } from "../bootstrap.mjs";
import { manyPictures } from "./many-pictures.mjs";

const PICTURES = 5000;
const LIMIT = 2e9;
const OPTIONS = ["--freezing", "last", "--epochs", "1", "--engine", "onnxruntime", "--json", "--quiet"];

const data = process.argv[2] ?? join(root, "..", "shared", "data", "flowers");
if (!existsSync(data)) {
  console.error(`expected a folder of pictures; ${data} does not exist`);
  process.exit(2);
}
const folder = manyPictures(await imageFolder(data), PICTURES);
const scratch = mkdtempSync(join(tmpdir(), "graft-fine-tuning-"));
try {
  const start = performance.now();
  const { peak, summary } = await fit();
  const seconds = (performance.now() - start) / 1000;
  const { train, test } = summary;
  const text = [
    "# Fine-tuning on 5,000 pictures",
    "",
    `Made by \`node scripts/proofs/fine-tuning-memory.mjs\` (${new Date().toISOString().slice(0, 10)}, load ${loadavg()[0].toFixed(2)}): \`graft fit <pictures> ${OPTIONS.slice(0, 6).join(" ")}\` on ${PICTURES.toLocaleString("en")} pictures,`,
    `${train.samples} of them training and held out, ${test.samples} test, from an empty cache.`,
    "",
    `Largest resident memory of the process: **${(peak / 1e9).toFixed(2)} GB** (${(LIMIT / 1e9).toFixed(0)} GB is the limit that this script fails at). It took ${seconds.toFixed(0)} s.`,
    "",
  ].join("\n");
  writeFileSync(join(root, "docs", "proofs", "fine-tuning-memory.md"), text);
  console.log(text);
  if (peak > LIMIT) process.exitCode = 1;
} finally {
  for (const path of [folder, scratch]) rmSync(path, { recursive: true, force: true });
}

/** Runs the command; the peak is read while it runs, since it is gone with the process. */
function fit() {
  const command = join(root, "apps", "cli", "bin", "graft.mjs");
  const args = [command, "fit", folder, ...OPTIONS, "--out", join(scratch, "bundle")];
  const child = spawn(process.execPath, args, { env: { ...process.env, GRAFT_CACHE: join(scratch, "cache") } });
  let [stdout, stderr, peak] = ["", "", 0];
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const watch = setInterval(() => {
    const status = existsSync(`/proc/${child.pid}/status`) ? readFileSync(`/proc/${child.pid}/status`, "utf8") : "";
    peak = Math.max(peak, 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
  }, 200);
  return new Promise((done, failed) => {
    child.on("close", (code) => {
      clearInterval(watch);
      if (code === 0) done({ peak, summary: JSON.parse(stdout) });
      else failed(new Error(`graft fit ended with ${code}:\n${stderr.slice(-2000)}`));
    });
  });
}
