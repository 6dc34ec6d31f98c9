import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, open, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { graft, paintClasses, scratch } from "../io.fixture.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const CONDITIONS = ["@graft-ml/source", "module", "node", "development|production"];

/** Runs the command line from its sources, as a process of its own that can be killed. */
const CHILD = `
const { createServer } = await import(process.env.VITE_MODULE);
const conditions = ${JSON.stringify(CONDITIONS)};
const server = await createServer({
  root: ${JSON.stringify(ROOT)}, configFile: false, logLevel: "error", appType: "custom",
  server: { middlewareMode: true, hmr: false, ws: false, watch: null }, optimizeDeps: { noDiscovery: true },
  resolve: { conditions }, ssr: { resolve: { conditions } },
});
const { runProcess } = await server.ssrLoadModule("/apps/cli/src/main.ts");
await runProcess();
await server.close();
`;

const train = "--freezing last --set freezing.groups=1 --epochs 8 --batch 4 --engine onnxruntime --seed 5".split(" ");
let cwd: string;
let child: string;
let whole: Buffer;
let course: { readonly loss: readonly number[]; readonly validation: readonly number[] };

beforeAll(async () => {
  cwd = await scratch();
  process.env.GRAFT_CACHE = join(cwd, "cache");
  child = join(cwd, "child.mjs");
  await writeFile(child, CHILD);
  await paintClasses(join(cwd, "colours"), { red: [200, 0, 0], green: [0, 200, 0], blue: [0, 0, 200] }, 7);
  const { code, stdout, stderr } = await graft(["fit", "colours", "--out", "whole", "--json", ...train], { cwd });
  expect([code, stderr]).toEqual([0, ""]);
  const { loss, validation } = (JSON.parse(stdout) as { train: typeof course }).train;
  course = { loss, validation };
  whole = await readFile(join(cwd, "whole", "model.onnx"));
}, 60_000);

function start(argv: readonly string[]): ChildProcess {
  // Vite comes with vitest.
  const vite = createRequire(createRequire(import.meta.url).resolve("vitest/package.json")).resolve("vite");
  const env = { ...process.env, VITE_MODULE: pathToFileURL(vite).href };
  const started = spawn(process.execPath, [child, ...argv], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void started.kill("SIGKILL"));
  return started;
}

/** Waits until another checkpoint than the one of time `before` is there, and returns its time. */
async function checkpointed(run: ChildProcess, before: number = 0): Promise<number> {
  const file = join(cwd, "out.partial", "checkpoint.safetensors");
  while (run.exitCode === null) {
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: 0 }));
    if (mtimeMs > before) return mtimeMs;
    await sleep(2);
  }
  throw new Error(`the run ended before it was stopped: ${await run.stderr?.toArray()}`);
}

it("killed, then interrupted, then resumed: the same file as one run", async () => {
  const argv = ["fit", "colours", "--out", "out", ...train];
  const killed = start(argv);
  const first = await checkpointed(killed);
  killed.kill("SIGKILL");
  expect(await once(killed, "exit")).toEqual([null, "SIGKILL"]);
  expect((await readdir(cwd)).sort()).toEqual(["cache", "child.mjs", "colours", "out.partial", "whole"]);

  const interrupted = start([...argv, "--resume"]);
  const said = interrupted.stderr!.toArray();
  await checkpointed(interrupted, first);
  interrupted.kill("SIGINT");
  expect(await once(interrupted, "exit")).toEqual([130, null]);
  expect((await said).join("").split("\n")).toEqual([
    expect.stringMatching(/^\[graft\/checkpoint\] going on from .*out\.partial.*, made after epoch \d \(step \d+\)$/),
    "",
    "[cli] stopping; Ctrl-C again to stop at once",
    "[cli/fit] interrupted: run the same command again with --resume and it goes on from there",
    "",
  ]);

  const { code, stdout } = await graft([...argv, "--resume", "--json"], { cwd });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ train: course, bundle: join(cwd, "out") });
  expect((await readFile(join(cwd, "out", "model.onnx"))).equals(whole)).toBe(true);
  expect((await readdir(cwd)).sort()).toEqual(["cache", "child.mjs", "colours", "out", "whole"]);

  const again = await graft([...argv, "--resume"], { cwd });
  expect(again).toEqual({
    code: 2,
    stdout: "",
    stderr: "[cli/fit] out holds a whole bundle: nothing is left to resume. Use it, or say --force to fit it anew\n",
  });
});

/** Waits until the checkpoint of a run says that so many phases are finished, some of the next one done. */
async function inPhaseAfter(run: ChildProcess, finished: number, out: string): Promise<void> {
  while (run.exitCode === null) {
    if ((await finishedPhases(join(cwd, `${out}.partial`, "checkpoint.safetensors"))) === finished) return;
    await sleep(1);
  }
  throw new Error(`the run ended before it was stopped: ${await run.stderr?.toArray()}`);
}

/** How many phases a checkpoint's header has reports of. */
async function finishedPhases(path: string): Promise<number | undefined> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const length = Number((await file.read(Buffer.alloc(8), 0, 8, 0)).buffer.readBigUInt64LE());
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, 8);
    const header = JSON.parse(buffer.toString()) as { __metadata__: { phases: string } };
    return (JSON.parse(header.__metadata__.phases) as unknown[]).length;
  } finally {
    await file.close();
  }
}

it.each([
  ["lp-ft", ["freezing.groups=1", "freezing.probe=2"]],
  ["gradual-unfreezing", ["freezing.groups=2", "freezing.epochs=5"]],
])(
  "%s killed in its second phase and resumed: the same file as one run",
  async (name, options) => {
    const flags = `--freezing ${name} --epochs 15 --batch 4 --engine onnxruntime --seed 5`.split(" ");
    const argv = ["fit", "colours", ...flags, ...options.flatMap((option) => ["--set", option])];
    const whole = await graft([...argv, "--out", `${name}-whole`, "--json"], { cwd });
    expect([whole.code, whole.stderr]).toEqual([0, ""]);

    const killed = start([...argv, "--out", name]);
    await inPhaseAfter(killed, 1, name);
    killed.kill("SIGKILL");
    expect(await once(killed, "exit")).toEqual([null, "SIGKILL"]);

    const { code, stdout, stderr } = await graft([...argv, "--out", name, "--resume", "--json"], { cwd });
    expect(code).toBe(0);
    expect(stderr).toMatch(/going on from .*, made after epoch \d of phase 2 /);
    const [ours, theirs] = [stdout, whole.stdout].map((text) => (JSON.parse(text) as { train: typeof course }).train);
    expect([ours!.loss, ours!.validation]).toEqual([theirs!.loss, theirs!.validation]);
    const model = (folder: string): Promise<Buffer> => readFile(join(cwd, folder, "model.onnx"));
    expect((await model(name)).equals(await model(`${name}-whole`))).toBe(true);
  },
  120_000,
);

it("refuses a checkpoint that cannot be read, in one line", async () => {
  await mkdir(join(cwd, "bad.partial"));
  await writeFile(join(cwd, "bad.partial", "checkpoint.safetensors"), "no checkpoint");
  const { code, stdout, stderr } = await graft(["fit", "colours", "--out", "bad", "--resume", ...train], { cwd });
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/^\[graft\/checkpoint\] cannot go on from .*Leave --resume out to start afresh\n$/);
});

it("has nothing to resume: says so and fits, by an experiment file too", async () => {
  const freezing = { name: "last", groups: 1 };
  const config = { data: "colours", freezing, epochs: 1, batch: 8, engine: "onnxruntime", resume: true };
  await writeFile(join(cwd, "resume.json"), JSON.stringify(config));
  const trained = await graft(["fit", "--config", "resume.json"], { cwd });
  expect(trained.code).toBe(0);
  expect(trained.stderr).toMatch(
    /^\[graft\/checkpoint\] there is no .*last-linear\.partial.*safetensors to go on from; training starts from the beginning\n$/,
  );
});
