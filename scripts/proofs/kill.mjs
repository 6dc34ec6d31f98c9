// Kills `graft fit` with SIGKILL at ten random moments: there must never be a half-written bundle, and the next run must finish.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../bootstrap.mjs";

const data = process.argv[2] ?? join(root, "..", "shared", "data", "flowers");
if (!existsSync(data)) {
  console.error(`expected a folder of pictures; ${data} does not exist`);
  process.exit(2);
}
const graft = join(root, "apps", "cli", "bin", "graft.mjs");
const scratch = mkdtempSync(join(tmpdir(), "graft-kill-"));
const cache = join(scratch, "cache");
const out = join(scratch, "runs", "bundle");
const env = { ...process.env, GRAFT_CACHE: cache };
const args = [graft, "fit", data, "--json", "--force", "--out", out];
const fit = () => {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
  if (status !== 0) throw new Error(`the run after a kill failed with ${status}:\n${stderr}`);
  return { ...JSON.parse(stdout), milliseconds: performance.now() - start };
};

const full = fit();
rmSync(cache, { recursive: true, force: true });
rmSync(out, { recursive: true, force: true });
const rows = [];
for (let i = 1; i <= 10; i++) {
  // Every third round starts cold; the others kill somewhere in what is left to do, writing included.
  if (i % 3 === 1) rmSync(cache, { recursive: true, force: true });
  const span = i % 3 === 1 ? full.milliseconds : full.milliseconds / 3;
  const moment = Math.random() * span;
  const before = existsSync(join(out, "graft.json"));
  const killed = await killAfter(moment);
  const after = existsSync(out) ? readdirSync(out).sort() : [];
  const whole = after.length === 0 || (after.includes("graft.json") && after.includes("model.onnx"));
  if (!whole) throw new Error(`half a bundle after a kill at ${moment.toFixed(0)} ms: ${after.join(", ")}`);
  if (before && after.length === 0) throw new Error(`the older bundle was lost by a kill at ${moment.toFixed(0)} ms`);
  if (after.length > 0) check();
  const next = fit();
  check();
  rows.push({ i, moment, killed, kept: next.cache.hits, computed: next.cache.misses, accuracy: next.test.accuracy });
  console.error(
    `kill ${i} at ${moment.toFixed(0)} ms: next run found ${next.cache.hits}, computed ${next.cache.misses}, accuracy ${next.test.accuracy}`,
  );
  if (next.test.accuracy !== full.test.accuracy)
    throw new Error(`the accuracy changed from ${full.test.accuracy} to ${next.test.accuracy}`);
  if (i % 2 === 0) rmSync(out, { recursive: true, force: true });
}
const text = [
  "# Ten kills",
  "",
  `Made by \`node scripts/proofs/kill.mjs\` (${new Date().toISOString().slice(0, 10)}, load ${loadavg()[0].toFixed(2)}): \`graft fit\` on the flowers, \`kill -9\` at a random moment, then a second run.`,
  "There was never a half-written bundle, and every second run finished with the accuracy of an undisturbed one.",
  "",
  "| # | killed after | features found by the next run | computed | accuracy |",
  "|---|---|---|---|---|",
  ...rows.map(
    ({ i, moment, killed, kept, computed, accuracy }) =>
      `| ${i} | ${killed ? `${(moment / 1000).toFixed(2)} s` : "finished before"} | ${kept} | ${computed} | ${accuracy} |`,
  ),
  "",
];
writeFileSync(join(root, "docs", "proofs", "kill.md"), text.join("\n"));
rmSync(scratch, { recursive: true, force: true });
console.log(`10 kills: no half-written bundle, every next run finished`);

function killAfter(milliseconds) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { env, stdio: "ignore" });
    const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
    child.on("exit", (_, signal) => {
      clearTimeout(timer);
      resolve(signal === "SIGKILL");
    });
  });
}

/** A bundle is whole when it opens: its hash is checked, its model runs. */
function check() {
  const { status, stderr } = spawnSync(process.execPath, [graft, "inspect", out, "--json"], { env, encoding: "utf8" });
  if (status !== 0) throw new Error(`the bundle does not open: ${stderr}`);
}
