// Installs the packed tarballs into an empty project, as a user would, and runs the README's example and the command there.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./bootstrap.mjs";

const tarballs = process.argv[2];
if (!tarballs) {
  console.error("usage: node scripts/smoke.mjs <folder with tarballs>");
  process.exit(2);
}
const project = mkdtempSync(join(tmpdir(), "graft-smoke-"));
const env = { ...process.env, GRAFT_CACHE: join(project, "cache"), npm_config_update_notifier: "false" };
const sh = (command, args) =>
  execFileSync(command, args, { cwd: project, env, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

writeFileSync(join(project, "package.json"), JSON.stringify({ name: "smoke", private: true, type: "module" }));
const files = readdirSync(tarballs)
  .filter((name) => name.endsWith(".tgz"))
  .map((name) => join(tarballs, name));
sh("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts", ...files]);
drawFlowers();

const [, example] = readFileSync(join(root, "README.md"), "utf8").match(/```ts\n([\s\S]*?)```/) ?? [];
if (!example) throw new Error("README.md has no ts example");
writeFileSync(join(project, "example.mjs"), example);
console.log(sh("node", ["example.mjs"]));
const fit = JSON.parse(sh("npx", ["graft", "fit", "flowers", "--json", "--out", "out"]));
if (!(fit.test.accuracy >= 0 && fit.bundle)) throw new Error(`graft fit printed no accuracy: ${JSON.stringify(fit)}`);
const [line] = sh("npx", ["graft", "predict", "out", "rose.jpg", "--json"]).trim().split("\n");
if (!JSON.parse(line).label) throw new Error(`graft predict printed no label: ${line}`);
console.log("smoke test: the tarballs install, the README's example and the command run");
rmSync(project, { recursive: true, force: true });

/** Two classes that differ in colour, with enough variety that no two pictures are equal. */
function drawFlowers() {
  const draw = `
    import sharp from "sharp";
    const paint = (file, hue, i) => sharp({ create: { width: 96, height: 80, channels: 3, background: { r: hue ? 200 + i : 40, g: 60 + 2 * i, b: hue ? 60 : 200 - i } } }).jpeg().toFile(file);
    for (let i = 0; i < 12; i++) { await paint("flowers/rose/" + i + ".jpg", 1, i); await paint("flowers/violet/" + i + ".jpg", 0, i); }
    await paint("rose.jpg", 1, 30);`;
  for (const name of ["rose", "violet"]) mkdirSync(join(project, "flowers", name), { recursive: true });
  writeFileSync(join(project, "draw.mjs"), draw);
  sh("node", ["draw.mjs"]);
}
