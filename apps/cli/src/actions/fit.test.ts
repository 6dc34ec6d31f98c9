import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { graft, paintClasses, type Ran, scratch } from "../io.fixture.ts";

const HOSTILE = '<img src=x onerror="alert(1)">';
let cwd: string;
let fitted: Ran;

beforeAll(async () => {
  cwd = await scratch();
  process.env.GRAFT_CACHE = join(cwd, "cache");
  await paintClasses(join(cwd, "colours"), { red: [200, 0, 0], green: [0, 200, 0], [HOSTILE]: [0, 0, 200] }, 12);
  await writeFile(join(cwd, "colours", "red", "broken.png"), "no picture");
  fitted = await graft(["fit", "colours", "--json", "--out", "bundle", "--seed", "3"], { cwd });
}, 60_000);

it("prints one JSON document with what the run came to", () => {
  expect([fitted.code, fitted.stderr]).toEqual([0, ""]);
  expect(fitted.stdout.trimEnd()).not.toContain("\n");
  expect(JSON.parse(fitted.stdout)).toMatchObject({
    bundle: join(cwd, "bundle"),
    report: join(cwd, "bundle", "report.html"),
    backbone: "efficientnet-lite0",
    freezing: "frozen",
    head: "linear",
    seed: 3,
    train: { samples: 30 },
    test: { samples: 6, accuracy: 1 },
    data: { skipped: [{ path: expect.stringContaining("broken.png") }] },
  });
});

it("writes a bundle whose report needs nothing else and believes no name", async () => {
  expect((await readdir(join(cwd, "bundle"))).sort()).toEqual(["graft.json", "model.onnx", "report.html"]);
  const page = await readFile(join(cwd, "bundle", "report.html"), "utf8");
  expect(page.replaceAll(/ xmlns(:\w+)?="[^"]*"/g, "")).not.toMatch(/https?:|<script|<img src=x/);
  expect(page).toContain("&#60;img src=x onerror=&#34;alert(1)&#34;&#62;");
  expect(page).toContain("graft fit");
  expect(page).toContain("red/broken.png");
});

it("replaces a bundle only when told to, and nothing else ever", async () => {
  const again = await graft(["fit", "colours", "--out", "bundle"], { cwd });
  expect(again).toEqual({
    code: 2,
    stdout: "",
    stderr: "[cli/fit] bundle holds a bundle already. Choose another --out, or say --force to replace it\n",
  });
  expect((await graft(["fit", "colours", "--out", "colours", "--force"], { cwd })).stderr).toMatch(
    /which is no part of a bundle/,
  );
});

it("predicts JSON lines, tells unreadable pictures, and ends with 2 for them", async () => {
  const files = [join("colours", "red", "0.png"), "nope.png", join("colours", "green", "1.png")];
  const { code, stdout, stderr } = await graft(["predict", "bundle", ...files, "--json"], { cwd });
  expect(code).toBe(2);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { input: string; label: string; score: number; scores: object });
  expect(lines.map(({ input, label }) => [input, label])).toEqual([
    [files[0], "red"],
    [files[2], "green"],
  ]);
  expect(Object.keys(lines[0]!.scores)).toHaveLength(3);
  expect(stderr).toMatch(/^\[data\/decode\] .*nope\.png.*\n\[cli\/predict\] 1 of 3 pictures could not be read\n$/);
});

it("evaluates on other pictures", async () => {
  await paintClasses(join(cwd, "fresh"), { red: [190, 20, 10], green: [10, 190, 20] }, 3);
  const { code, stdout } = await graft(["evaluate", "bundle", "fresh", "--json"], { cwd });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    samples: 6,
    accuracy: expect.any(Number),
    interval: [expect.any(Number), expect.any(Number)],
  });
  const table = (await graft(["evaluate", "bundle", "fresh"], { cwd })).stdout;
  expect(table).toMatch(/^accuracy +\d/);
  expect(table).not.toContain("<img");
});

it("trains by an experiment file with a plugin of one's own, and prints tables", async () => {
  const own = `export function doubled(options = {}) {
    const strategy = { name: "doubled", summary: "nothing is trained, twice over" };
    return { ...strategy, plan: () => ({ strategy: "doubled", phases: [{ groups: [], normalization: "frozen" }] }) };
  }`;
  await writeFile(join(cwd, "own.mjs"), own);
  const config = {
    data: "colours",
    freezing: "doubled",
    head: { name: "mlp", hidden: [8] },
    epochs: 2,
    plugins: { freezing: ["./own.mjs"] },
  };
  await writeFile(join(cwd, "graft.config.json"), JSON.stringify(config));
  const { code, stdout, stderr } = await graft(["fit", "--config", "graft.config.json", "--quiet"], { cwd });
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^model +efficientnet-lite0, doubled, mlp/m);
  expect(stdout).toMatch(/^bundle +graft-runs\/colours-efficientnet-lite0-doubled-mlp$/m);
  const listed = await graft(["list", "freezing", "--config", "graft.config.json"], { cwd });
  expect(listed.stdout).toContain("nothing is trained, twice over");
});

it("refuses a plugin that lacks a member before anything long starts", async () => {
  await writeFile(join(cwd, "half.mjs"), 'export const half = () => ({ name: "half", summary: "half a strategy" });');
  const config = { data: "colours", freezing: "half", plugins: { freezing: ["./half.mjs"] } };
  await writeFile(join(cwd, "half.json"), JSON.stringify(config));
  const { code, stderr } = await graft(["fit", "--config", "half.json"], { cwd });
  expect(code).toBe(2);
  expect(stderr).toBe('[cli/plugins] expected the freezing "half" to have plan, a function; received undefined\n');
});

it("stops when told to, and says how to go on", async () => {
  const { code, stdout, stderr } = await graft(["fit", "colours"], { cwd, signal: AbortSignal.abort() });
  expect([code, stdout]).toEqual([130, ""]);
  expect(stderr).toBe("[cli/fit] interrupted: run the same command again with --resume and it goes on from there\n");
});
