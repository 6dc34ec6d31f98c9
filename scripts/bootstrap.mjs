// Brings a fresh clone to where workspace commands run: the pinned pnpm, through npx, installs what the lockfile says.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const MINIMUM = [20, 20];

/** Runs a command in the repository; a failure ends this process with its exit code. */
export function run(command, args, env = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1", ...env },
    shell: process.platform === "win32",
  });
  if (result.error) {
    console.error(`cannot run ${command}: ${result.error.message}`);
    process.exit(1);
  }
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/** Runs the pinned pnpm, whether or not one is installed. */
export function pnpm(...args) {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  run("npx", ["--yes", packageManager, ...args], { npm_config_update_notifier: "false" });
}

/** Installs dependencies unless they are as the lockfile says already. */
export function install() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < MINIMUM[0] || (major === MINIMUM[0] && minor < MINIMUM[1])) {
    console.error(`expected Node ${MINIMUM.join(".")} or later; this is ${process.version}`);
    process.exit(2);
  }
  if (isCurrent()) return;
  pnpm("install", "--frozen-lockfile", "--reporter=append-only", "--loglevel=warn");
}

/** pnpm writes this file last; an older one means that the lockfile or a manifest has changed since. */
function isCurrent() {
  const mark = join(root, "node_modules", ".modules.yaml");
  if (!existsSync(mark)) return false;
  const installed = statSync(mark).mtimeMs;
  return ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json"].every(
    (file) => statSync(join(root, file)).mtimeMs <= installed,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) install();
