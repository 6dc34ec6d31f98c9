import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { graft, paintClasses, scratch } from "../io.fixture.ts";

let cwd: string;
beforeAll(async () => {
  cwd = await scratch();
  process.env.GRAFT_CACHE = join(cwd, "cache");
  await paintClasses(join(cwd, "colours"), { red: [200, 0, 0], green: [0, 200, 0], blue: [0, 0, 200] }, 8);
}, 60_000);

it("tells every rate and loss as JSON, and the fit that comes next", async () => {
  const { code, stdout, stderr } = await graft(["find-rate", "colours", "--steps", "30", "--seed", "3", "--json"], {
    cwd,
  });
  expect([code, stderr]).toEqual([0, ""]);
  const found = JSON.parse(stdout) as Record<string, unknown> & { rates: number[]; losses: number[]; safe: number };
  expect(found).toMatchObject({ backbone: "efficientnet-lite0", freezing: "frozen", head: "linear" });
  expect(found.rates[0]).toBe(1e-7);
  expect(found.losses).toHaveLength(found.rates.length);
  expect(found.fit).toBe(`graft fit ${join(cwd, "colours")} --lr ${Number(found.safe.toPrecision(2))} --seed 3`);
});

it("prints the curve and both suggestions", async () => {
  const argv = ["find-rate", "colours", "--steps", "24", "--lowest", "1e-4", "--highest", "0.1", "--quiet"];
  const { code, stdout, stderr } = await graft(argv, { cwd });
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^ *rate +loss +smoothed$/m);
  expect(stdout).toMatch(/^ *1\.0e-4 /m);
  expect(stdout).toMatch(/^steepest +\d\.\de-\d$/m);
  expect(stdout).toMatch(/^safe +\d\.\de-\d$/m);
  expect(stdout).toMatch(/^next: graft fit .* --lr [\d.e-]+ --seed 0$/m);
});

it.each([
  [["--steps", "many"], '[cli/find-rate] expected --steps to be a number; received "many"'],
  [["--steps", "3"], "[trainers/find-rate] expected steps to be an integer of at least 10; received 3"],
  [["--lowest", "1"], undefined],
])("refuses what is no range: %s", async (flags, message) => {
  const { code, stderr } = await graft(["find-rate", "colours", "--highest", "1", "--quiet", ...flags], { cwd });
  expect(code).toBe(2);
  expect(stderr).toContain(
    message ?? "[trainers/find-rate] expected rates with 0 < lowest < highest; received 1 and 1",
  );
});

it("asks for data", async () => {
  const { code, stderr } = await graft(["find-rate"], { cwd });
  expect([code, stderr]).toEqual([
    2,
    "[cli/find-rate] expected a folder of pictures or a table of texts; received none. Name it\n",
  ]);
});
