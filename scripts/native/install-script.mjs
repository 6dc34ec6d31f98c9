import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { execute } from "./process.mjs";

const SECONDS = 120;

/** Runs the package's install script; returns why it did not work, or undefined. Leaves no half a download behind. */
export async function runInstallScript(folder) {
  const manifest = path.join(folder, "package.json");
  const original = await readFile(manifest);
  // The script writes into package.json, which pnpm may share with its store by a hard link: give it a copy of its own.
  await rm(manifest);
  await writeFile(manifest, original);
  const local = path.join(folder, "node_modules", ".bin");
  const run = await execute(process.execPath, ["scripts/install.js"], {
    cwd: folder,
    env: { ...process.env, PATH: `${local}${path.delimiter}${process.env.PATH}` },
    seconds: SECONDS,
  });
  await writeFile(manifest, original);
  if (run.code === 0 && existsSync(path.join(folder, "lib"))) return undefined;
  for (const part of ["deps", "lib", "build"]) await rm(path.join(folder, part), { recursive: true, force: true });
  return run.failure ?? lastError(run.stderr) ?? lastError(run.stdout) ?? `exit code ${run.code}`;
}

function lastError(text) {
  return /(?:Error|error): ?(.{1,200})/.exec(text)?.[1]?.replaceAll(/https?:\S+/g, "its server");
}
