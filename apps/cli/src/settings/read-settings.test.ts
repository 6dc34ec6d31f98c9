import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Command } from "commander";
import { expect, it } from "vitest";
import { addFit } from "../commands/fit.ts";
import { scratch } from "../io.fixture.ts";
import { FIT_SCHEMA } from "./fit-settings.ts";
import { parseAssignment, readSettings } from "./read-settings.ts";

async function configFile(content: unknown): Promise<{ folder: string; file: string }> {
  const folder = await scratch();
  const file = join(folder, "graft.config.json");
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  return { folder, file };
}

/** One value a setting that both file and flag take. */
const VALUES: Readonly<Record<string, unknown>> = {
  data: "pets",
  textColumn: ["premise", "hypothesis"],
  header: false,
  encoding: "shift_jis",
  labelColumn: "answer",
  backbone: "efficientnet-lite0",
  freezing: "last",
  head: "mlp",
  solver: "ridge",
  optimizer: "sgd",
  augment: ["horizontal-flip", { name: "rand-augment", m: 5 }],
  views: 3,
  mixing: "cutmix",
  schedule: "cosine",
  sampler: "balanced",
  regularizer: "l2-sp",
  teacher: "minilm-l6",
  classWeights: { cat: 2 },
  accumulate: 2,
  ema: 0.99,
  epochs: 3,
  lr: 0.01,
  batch: 8,
  seed: 7,
  test: 0.3,
  out: "runs",
  engine: "onnxruntime",
  strict: true,
  cache: false,
  force: true,
  resume: true,
  json: true,
  quiet: true,
  plugins: { heads: ["./my-head.js"] },
};

it("takes every setting of the schema, and no other, from a file", async () => {
  expect(Object.keys(FIT_SCHEMA.properties!).sort()).toEqual(["$schema", "plan", ...Object.keys(VALUES)].sort());
  const { folder, file } = await configFile({ $schema: "./schema.json", ...VALUES });
  expect(await readSettings({ config: file }, "/")).toEqual({
    ...VALUES,
    data: join(folder, "pets"),
    out: join(folder, "runs"),
    plugins: { heads: [pathToFileURL(join(folder, "my-head.js")).href] },
  });
});

it("has a flag for every setting of the schema but plugins", () => {
  const program = new Command();
  addFit(program, {} as Parameters<typeof addFit>[1]);
  const flags = program.commands[0]!.options.map((option) => option.attributeName()).filter(
    (name) => !["config", "set"].includes(name),
  );
  expect([...flags, "data", "plugins", "$schema"].sort()).toEqual(Object.keys(FIT_SCHEMA.properties!).sort());
});

it("lets flags win over the file, and --set over both", async () => {
  const { file } = await configFile({ seed: 1, lr: 0.5, head: { name: "mlp", hidden: [8] }, freezing: "frozen" });
  const settings = await readSettings(
    {
      config: file,
      seed: "2",
      freezing: "last",
      set: ["head.hidden=[4,2]", "freezing.groups=3", "optimizer.beta1=0.8"],
    },
    "/",
  );
  expect(settings).toEqual({
    seed: 2,
    lr: 0.5,
    head: { name: "mlp", hidden: [4, 2] },
    freezing: { name: "last", groups: 3 },
    optimizer: { name: "adamw", beta1: 0.8 },
  });
});

it.each([
  [{ freezin: "last" }, /graft\.config\.json\] unknown setting "freezin"; did you mean "freezing"\? known: /],
  [
    { plugins: { head: [] } },
    /unknown key of plugins "head"; did you mean "heads"\? known: augmentations, backbones, freezing, heads$/,
  ],
  [{ head: { hidden: [8] } }, /expected "name" in head; received only hidden$/],
  [{ head: 3 }, /expected head to be a string or an object; received 3$/],
  [{ epochs: 1.5 }, /expected epochs to be an integer ≥ 1; received 1.5$/],
  [{ plugins: { heads: [1] } }, /expected plugins\.heads\[0\] to be a string; received 1$/],
  [[], /expected the file to be an object; received \[\]$/],
  ["{", /^\[cli\/config\] expected JSON in .*graft\.config\.json: /],
])("refuses the file %j", async (content, message) => {
  const { file } = await configFile(content);
  await expect(readSettings({ config: file }, "/")).rejects.toThrow(message);
});

it("names a file that is not there", async () => {
  await expect(readSettings({ config: "none.json" }, await scratch())).rejects.toThrow(
    "[cli/config] cannot read none.json: it does not exist. Name an experiment file",
  );
});

it("finds plugin packages from the experiment file", async () => {
  const { folder, file } = await configFile({ plugins: { heads: ["graft-plugin-x"] } });
  const plugin = join(folder, "node_modules", "graft-plugin-x");
  await mkdir(plugin, { recursive: true });
  await writeFile(join(plugin, "package.json"), JSON.stringify({ name: "graft-plugin-x", main: "index.js" }));
  await writeFile(join(plugin, "index.js"), "");
  const { plugins } = await readSettings({ config: file }, "/");
  expect(plugins!.heads![0]).toMatch(/^file:.*graft-plugin-x\/index\.js$/);
});

it("reads assignments as JSON where they are, as text where not", () => {
  expect(parseAssignment("head.hidden=[1,2]")).toEqual({ kind: "head", option: "hidden", value: [1, 2] });
  expect(parseAssignment("solver.c=auto")).toEqual({ kind: "solver", option: "c", value: "auto" });
  expect(parseAssignment("head.note=a=b")).toEqual({ kind: "head", option: "note", value: "a=b" });
  expect(() => parseAssignment("head.name=mlp")).toThrow(
    'expected an option after "head."; received name. Choose the plugin with --head mlp',
  );
});

it("takes options of the teacher by --set, and no teacher by them alone", async () => {
  const set = ["teacher.strength=2", "teacher.temperature=3"];
  const { teacher } = await readSettings({ teacher: "minilm-l6", set }, "/");
  expect(teacher).toEqual({ name: "minilm-l6", strength: 2, temperature: 3 });
  await expect(readSettings({ set }, "/")).rejects.toThrow(
    "[cli/fit] expected --teacher together with --set teacher.strength; received none. Name a teacher",
  );
});

it("takes augmentations as a list of names, with options by --set", async () => {
  const { file } = await configFile({ augment: ["grayscale", { name: "rotation", degrees: 5 }] });
  const set = ["augment.rotation.fill=9", "augment.rotation.interpolation=nearest"];
  expect(await readSettings({ config: file, set }, "/")).toEqual({
    augment: ["grayscale", { name: "rotation", degrees: 5, fill: 9, interpolation: "nearest" }],
  });
  const flags = { config: file, augment: "horizontal-flip, rotation", views: "3" };
  expect(await readSettings({ ...flags, set: ["mixing.alpha=0.4"] }, "/")).toEqual({
    augment: ["horizontal-flip", "rotation"],
    views: 3,
    mixing: { name: "mixup", alpha: 0.4 },
  });
});

it.each([
  [
    "augment.rotation.fill=9",
    '[cli/fit] expected "rotation" among the augmentations; received grayscale. Name it with --augment',
  ],
  [
    "augment.fill=9",
    '[cli/fit] expected --set augment.name.option=value, for instance --set augment.rand-augment.m=5; received "augment.fill=9"',
  ],
  ["augmnt.fill=9", '[cli/fit] unknown kind in --set "augmnt"; did you mean "augment"? known: augment, backbone, '],
])("refuses --set %s", async (set, message) => {
  await expect(readSettings({ augment: "grayscale", set: [set] }, "/")).rejects.toThrow(message);
});
