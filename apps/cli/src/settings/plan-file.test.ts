import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FreezingStrategy } from "@graft-ml/core";
import * as graft from "graft-ml";
import { expect, it } from "vitest";
import { fitCommandLine } from "../command-line.ts";
import { graft as runGraft, scratch } from "../io.fixture.ts";
import { checkValue } from "./check-value.ts";
import { PLAN_SCHEMA, readPlanFile } from "./plan-file.ts";
import { readSettings } from "./read-settings.ts";

const PLAN = {
  strategy: "gradual-unfreezing",
  phases: [
    { groups: [], normalization: "frozen", epochs: 1 },
    { groups: [{ name: "head", rate: 1 }], normalization: "frozen" },
  ],
};

async function planFile(content: unknown): Promise<string> {
  const file = join(await scratch(), "plan.json");
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

it("describes what every strategy plans", async () => {
  const { groups } = await graft.efficientnetLite0().load();
  const strategies = Object.entries(graft.freezingStrategies).filter(([, factory]) => typeof factory === "function");
  expect(strategies.length).toBeGreaterThan(8);
  for (const [name, factory] of strategies) {
    const strategy = (factory as () => FreezingStrategy)();
    if (name === "planned" || (strategy.needs?.length ?? 0) > 0) continue;
    const plan: unknown = JSON.parse(JSON.stringify(strategy.plan(groups, {})));
    expect(() => checkValue(name, "", plan, PLAN_SCHEMA, PLAN_SCHEMA)).not.toThrow();
  }
});

it("saves a plan that can be edited and passed back", async () => {
  const folder = await scratch();
  const argv = ["inspect", "efficientnet-lite0", "--freezing", "gradual-unfreezing", "--set", "freezing.groups=1"];
  const saved = await runGraft([...argv, "--epochs", "3", "--save-plan", "plan.json"], { cwd: folder });
  expect([saved.code, saved.stderr]).toEqual([0, ""]);
  expect(saved.stdout).toMatch(/^phase +trains +parameters +frozen up to +epochs +time +memory$/m);
  expect(saved.stdout).toMatch(/^ *1 +new head +0 .* 1 /m);
  expect(saved.stdout).toMatch(/^ *2 +head, new head +409,600 /m);
  expect(saved.stdout).toMatch(/^plan +plan\.json$/m);
  const file = join(folder, "plan.json");
  const { $schema, ...plan } = JSON.parse(await readFile(file, "utf8")) as { $schema: string; phases: unknown };
  expect($schema).toBe("./node_modules/@graft-ml/cli/schema/graft.plan.schema.json");
  expect(plan).toEqual(PLAN);

  const again = await runGraft(["inspect", "efficientnet-lite0", "--plan", "plan.json", "--json"], { cwd: folder });
  const { plan: back } = JSON.parse(again.stdout) as { plan: unknown };
  expect(back).toEqual({ strategy: "planned", phases: PLAN.phases });
  expect(await runGraft([...argv, "--save-plan", "plan.json"], { cwd: folder })).toMatchObject({
    code: 2,
    stderr: "[cli/plan] cannot write plan.json: it is there already. Name another file for --save-plan\n",
  });
});

it("takes the place of a strategy: of a file and a flag the flag wins", async () => {
  const plan = await planFile(PLAN);
  const file = async (settings: object): Promise<string> => {
    const path = join(await scratch(), "graft.config.json");
    await writeFile(path, JSON.stringify(settings));
    return path;
  };
  const planned = { plan, freezing: { name: "planned", plan: PLAN } };
  expect(await readSettings({ config: await file({ freezing: "last" }), plan }, "/")).toEqual(planned);
  expect(await readSettings({ config: await file({ plan }) }, "/")).toEqual(planned);
  expect(await readSettings({ config: await file({ plan }), freezing: "last" }, "/")).toEqual({ freezing: "last" });
  expect(fitCommandLine({ data: "pets", ...planned }, 3)).toBe(`graft fit pets --plan ${plan} --seed 3`);
  const both = `[cli/fit] expected a plan or a freezing strategy; received both, ${plan} and last`;
  await expect(readSettings({ plan, freezing: "last" }, "/")).rejects.toThrow(both);
});

it.each<[unknown, string]>([
  ["{", "[cli/plan] expected JSON in FILE: "],
  [{}, '[FILE] expected "phases" in the file; received only {}'],
  [{ phases: [], phase: 1 }, '[FILE] unknown setting "phase"; did you mean "phases"?'],
  [{ phases: {} }, "[FILE] expected phases to be an array; received {}"],
  [{ phases: [{ groups: [] }] }, '[FILE] expected "normalization" in phases[0]; received only groups'],
  [
    { phases: [{ groups: [{ name: "head", rate: -1 }], normalization: "frozen" }] },
    "[FILE] expected phases[0].groups[0].rate to be a number > 0; received -1",
  ],
  [
    { phases: [{ groups: [], normalization: "dead" }] },
    '[FILE] expected phases[0].normalization to be one of frozen, affine, live; received "dead"',
  ],
  [
    { phases: [{ groups: [], normalization: "frozen", roles: ["weights"] }] },
    '[FILE] expected phases[0].roles[0] to be one of kernel, bias, scale, shift, embedding, other; received "weights"',
  ],
  [
    { phases: [{ groups: [], normalization: "frozen", epochs: 1.5 }] },
    "[FILE] expected phases[0].epochs to be an integer ≥ 1; received 1.5",
  ],
])("%j is refused", async (content, message) => {
  const file = await planFile(content);
  await expect(readPlanFile(file, "/")).rejects.toThrow(message.replace("FILE", file));
});

it("is refused where it does not fit the backbone, or is not there", async () => {
  const stray = await planFile({ phases: [{ groups: [{ name: "blocks.99", rate: 1 }], normalization: "frozen" }] });
  const answer = await runGraft(["inspect", "efficientnet-lite0", "--plan", stray]);
  expect(answer).toMatchObject({ code: 2, stdout: "" });
  expect(answer.stderr).toMatch(/^\[freezing\/planned\] unknown layer group "blocks\.99"; .*\n$/);
  expect(await runGraft(["fit", ".", "--plan", "none.json"])).toEqual({
    code: 2,
    stdout: "",
    stderr:
      "[cli/plan] cannot read none.json: it does not exist. Name a plan that graft inspect --save-plan has written\n",
  });
});
