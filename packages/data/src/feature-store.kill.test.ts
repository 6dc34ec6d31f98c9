import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { featureStore } from "./feature-store.ts";
import { testFolder } from "./folder.fixture.ts";

const EACH = 50_000;
const parts = { weights: "w", boundary: "b", precision: "f16", preprocessing: {}, decoder: "d", dims: [EACH] } as const;

/** Appends for ever, 32 samples at a time; sample i is EACH times i. */
const WRITER = `
import { featureStore } from ${JSON.stringify(new URL("./feature-store.ts", import.meta.url).pathname)};
const [directory, first] = process.argv.slice(2);
const space = await featureStore({ directory }).open(${JSON.stringify(parts)});
for (let i = Number(first); ; i += 32) {
  const hashes = Array.from({ length: 32 }, (_, k) => (i + k).toString(16).padStart(64, "0"));
  await space.append(hashes, Float32Array.from({ length: 32 * ${EACH} }, (_, k) => i + Math.floor(k / ${EACH})));
  process.stdout.write(".");
}`;

/** One JavaScript file of the writer: Node 20 runs no TypeScript. */
function writerFile(folder: string): string {
  // esbuild comes with tsup, which builds the packages.
  const tsup = createRequire(new URL("../../../package.json", import.meta.url)).resolve("tsup");
  const esbuild = createRequire(tsup)("esbuild") as { buildSync(options: object): void };
  const outfile = join(folder, "writer.mjs");
  const stdin = { contents: WRITER, resolveDir: folder, loader: "js" };
  esbuild.buildSync({
    stdin,
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["@graft-ml/source"],
  });
  return outfile;
}

function start(file: string, directory: string, first: number): ChildProcess {
  const child = spawn(process.execPath, [file, directory, String(first)], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function appended(child: ChildProcess, times: number): Promise<void> {
  for (let seen = 0; seen < times; ) seen += ((await once(child.stdout!, "data")) as [Buffer])[0].length;
}

test("two processes write at once, are killed, and leave only whole shards", async () => {
  const directory = testFolder();
  const file = writerFile(directory);
  const children = [start(file, directory, 0), start(file, directory, 1000)];
  await Promise.all(children.map((child) => appended(child, 3)));
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.map((child) => once(child, "exit")));

  const notices: string[] = [];
  const space = await featureStore({ directory, onNotice: (message) => notices.push(message) }).open(parts);
  const hash = (i: number) => i.toString(16).padStart(64, "0");
  for (const first of [0, 1000]) {
    const wanted = Array.from({ length: 96 }, (_, i) => hash(first + i));
    expect(await space.missing(wanted)).toEqual([]);
    expect((await space.read(hash(first + 95)))?.at(-1)).toBe(first + 95);
  }
  expect(space.samples % 32).toBe(0);
  expect(notices).toEqual([]);
});
