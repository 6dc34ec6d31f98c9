// `npm run quickstart`: from a fresh clone to a trained model; installs, builds and runs `graft quickstart`. Arguments go to it.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { install, root } from "./bootstrap.mjs";

const started = performance.now();
const phases = [];

function phase(name, work) {
  const from = performance.now();
  const result = work();
  phases.push(`${name} ${((performance.now() - from) / 1000).toFixed(1)} s`);
  return result;
}

/** Builds what the command needs; tasks whose inputs are as before come from turbo's cache. */
function build() {
  const turbo = join(root, "node_modules", "turbo", "bin", "turbo");
  const words = ["run", "build", "--filter=@graft-ml/cli...", "--output-logs=errors-only", "--log-order=grouped"];
  const { status } = spawnSync(process.execPath, [turbo, ...words], {
    cwd: root,
    // On stderr: with --json, stdout belongs to the command.
    stdio: ["ignore", 2, 2],
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" },
  });
  if (status !== 0) process.exit(status ?? 1);
}

phase("install", install);
phase("build", build);
const command = [join(root, "apps", "cli", "bin", "graft.mjs"), "quickstart", ...process.argv.slice(2)];
// The child hears Ctrl-C itself and ends in good order; this process waits for it.
process.on("SIGINT", () => {});
const { status } = phase("quickstart", () => spawnSync(process.execPath, command, { cwd: root, stdio: "inherit" }));
const total = ((performance.now() - started) / 1000).toFixed(1);
console.error(`elapsed: ${phases.join(", ")}; ${total} s in all`);
process.exitCode = status ?? 130;
