import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { graft, paintClasses, scratch } from "../io.fixture.ts";

it("carries out a plan that was edited, and shows what became of it", async () => {
  const cwd = await scratch();
  await paintClasses(join(cwd, "paint"), { red: [200, 40, 40], blue: [40, 40, 200] }, 8);
  const phases = [
    { groups: [], normalization: "frozen", epochs: 1 },
    {
      groups: [],
      adapters: [{ adapter: "lora", groups: ["head"], options: { r: 2 } }],
      normalization: "frozen",
      epochs: 1,
    },
    { groups: [{ name: "head", rate: 0.5 }], roles: ["kernel"], normalization: "frozen" },
  ];
  await writeFile(join(cwd, "plan.json"), JSON.stringify({ phases }));
  process.env.GRAFT_CACHE = join(cwd, "cache");
  const argv = ["fit", "paint", "--plan", "plan.json", "--epochs", "3", "--batch", "4", "--out", "bundle", "--json"];
  const { code, stdout, stderr } = await graft(argv, { cwd });
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  const summary = JSON.parse(stdout) as {
    freezing: string;
    plan: unknown;
    audit: { frozen: number; identical: number };
    train: { phases: { engine: string; parameters: number }[] };
  };
  expect(summary).toMatchObject({ freezing: "planned", plan: { strategy: "planned", phases } });
  expect(summary.audit.identical).toBe(summary.audit.frozen);
  const head = 1280 * 2 + 2;
  expect(summary.train.phases.map(({ engine, parameters }) => [engine, parameters])).toEqual([
    ["onnxruntime", head],
    ["onnxruntime", head + 2 * (320 + 1280)],
    ["onnxruntime", head + 320 * 1280],
  ]);
  expect(await readdir(join(cwd, "bundle"))).toContain("adapter.safetensors");
  expect(await readFile(join(cwd, "bundle", "report.html"), "utf8")).toContain("--plan plan.json");

  const shown = await graft(["inspect", "bundle"], { cwd });
  expect([shown.code, shown.stderr]).toEqual([0, ""]);
  expect(shown.stdout).toMatch(/^ *2 +lora, new head +3,200 +\S+ +1$/m);
  expect(shown.stdout).toMatch(/^ *3 +head, new head +409,600 +\S+ +1$/m);
});
