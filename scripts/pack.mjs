// Packs every publishable package and checks the tarballs as users' tools will read them.
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pnpm, root, run } from "./bootstrap.mjs";

/** Packs all public packages into a folder and returns the tarballs' paths. */
export function pack(folder) {
  mkdirSync(folder, { recursive: true });
  for (const group of ["packages", "apps"]) {
    for (const name of readdirSync(join(root, group))) {
      const manifest = JSON.parse(readFileSync(join(root, group, name, "package.json"), "utf8"));
      if (!manifest.private)
        pnpm("--dir", join(root, group, name), "pack", "--pack-destination", folder, "--loglevel=error");
    }
  }
  return readdirSync(folder)
    .filter((file) => file.endsWith(".tgz"))
    .map((file) => join(folder, file));
}

function bin(name) {
  return join(root, "node_modules", ".bin", name);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2];
  if (!folder) {
    console.error("usage: node scripts/pack.mjs <folder>");
    process.exit(2);
  }
  for (const tarball of pack(folder)) {
    run(bin("publint"), ["run", "--strict", tarball]);
    // The command has no importable entry; every library has. A model file is no module.
    if (!tarball.includes("graft-ml-cli-"))
      run(bin("attw"), [
        tarball,
        "--profile",
        "esm-only",
        "--format",
        "table-flipped",
        "--exclude-entrypoints",
        "model.onnx",
      ]);
  }
}
