import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { graft, paintClasses, scratch } from "../io.fixture.ts";

let cwd: string;
beforeAll(async () => {
  cwd = await scratch();
  process.env.GRAFT_CACHE = join(cwd, "cache");
  await paintClasses(join(cwd, "colours"), { red: [200, 0, 0], green: [0, 200, 0], blue: [0, 0, 200] }, 10);
}, 60_000);

const HEAD = ["--head", "mlp", "--set", "head.hidden=8", "--epochs", "2", "--engine", "onnxruntime", "--json"];

it("fits with everything that fine-tuning has, and learns from a bundle", async () => {
  const first = await graft(["fit", "colours", "--out", "teacher", "--json"], { cwd });
  expect([first.code, first.stderr]).toEqual([0, ""]);
  const { code, stdout, stderr } = await graft(
    [
      ...["fit", "colours", ...HEAD, "--out", "pupil", "--schedule", "cosine", "--set", "schedule.warmup=0.1"],
      ...["--set", "head.smoothing=0.1", "--class-weights", '{"red":2}', "--sampler", "balanced", "--accumulate", "2"],
      ...["--ema", "0.9", "--regularizer", "l2-sp", "--set", "regularizer.beta=0.1", "--teacher", "teacher"],
      ...["--optimizer", "sgd", "--set", "optimizer.momentum=0.9", "--set", "optimizer.nesterov=true"],
    ],
    { cwd },
  );
  expect([code, stderr]).toEqual([0, ""]);
  expect(JSON.parse(stdout).train.method).toMatchObject({
    optimizer: "sgd",
    schedule: "cosine",
    sampler: "balanced",
    accumulate: 2,
    ema: 0.9,
    regularizers: "l2-sp, distill-logits",
    classWeights: "1 1 2",
  });
});

it("takes strength and temperature of a teacher, and refuses what a teacher has not", async () => {
  const taught = async (out: string, ...options: string[]) => {
    const set = options.flatMap((option) => ["--set", `teacher.${option}`]);
    return graft(["fit", "colours", ...HEAD, "--out", out, "--teacher", "teacher", ...set], { cwd });
  };
  const runs = [await taught("as-it-is"), await taught("strong", "strength=3"), await taught("soft", "temperature=9")];
  expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual(runs.map(() => [0, ""]));
  const losses = runs.map(({ stdout }) => (JSON.parse(stdout) as { train: { loss: number[] } }).train.loss[0]!);
  expect(losses[1]!).toBeGreaterThan(losses[0]!);
  expect(losses[2]!).not.toBeCloseTo(losses[0]!, 3);
  const { code, stderr } = await taught("never", "strenght=3");
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/^\[cli\/teacher\] unknown option "strenght"; did you mean "strength"/),
  ]);
});

it("learns from a backbone by an experiment file", async () => {
  const teacher = { name: "efficientnet-lite0", strength: 0.1 };
  await writeFile(join(cwd, "graft.config.json"), JSON.stringify({ data: "colours", teacher }));
  const { code, stdout, stderr } = await graft(["fit", "--config", "graft.config.json", ...HEAD, "--out", "other"], {
    cwd,
  });
  expect([code, stderr]).toEqual([0, ""]);
  expect(JSON.parse(stdout).train.method.regularizers).toBe("distill-features");
});

it.each([
  ["co-tuning", "strength=0.5"],
  ["delta", "attention=measured"],
])("finds out what %s has to know of the pretrained network", async (name, option) => {
  const flags = ["--regularizer", name, "--set", `regularizer.${option}`, "--out", name];
  const { code, stdout, stderr } = await graft(["fit", "colours", ...HEAD, ...flags], { cwd });
  expect([code, stderr]).toEqual([0, ""]);
  expect(JSON.parse(stdout).train.method.regularizers).toBe(name);
});

it.each([
  [["--class-weights", "equal"], '"balanced" or numbers by class; received "equal"'],
  [["--class-weights", '{"rad":2}'], 'unknown class "rad"; did you mean "red"? known: blue, green, red'],
  [["--schedule", "cosin"], 'unknown schedule "cosin"; did you mean "cosine"?'],
  [["--sampler", "balance"], 'unknown sampler "balance"; did you mean "balanced"? known: balanced, shuffled'],
  [["--ema", "1"], "[cli/fit] expected --ema to be a number ≥ 0 and < 1; received 1"],
  [["--accumulate", "0"], "[cli/fit] expected --accumulate to be an integer ≥ 1; received 0"],
  [["--set", "optimizer.nesterov=yes", "--optimizer", "sgd"], 'expected nesterov to be true or false; received "yes"'],
  [
    ["--set", "optimizer.nesterov=true", "--optimizer", "sgd"],
    "expected momentum above 0 where nesterov is true; received 0. Set momentum, for instance 0.9",
  ],
])("refuses %s", async (flags, message) => {
  const { code, stderr } = await graft(["fit", "colours", ...HEAD, "--out", "never", ...flags], { cwd });
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
