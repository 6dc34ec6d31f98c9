import { kebabCase } from "@graft-ml/core";
import { freezingStrategies } from "graft-ml";
import { expect, it } from "vitest";
import { graft } from "./io.fixture.ts";
import { KIND_TITLES } from "./plugin-kinds.ts";
import { PLUGIN_KINDS } from "./settings/fit-settings.ts";

const STRATEGIES = Object.entries(freezingStrategies).flatMap(([name, made]) =>
  typeof made === "function" ? [kebabCase(name)] : [],
);

/** Names as errors list them. */
const listed = (names: readonly string[]): string => [...names].sort().join(", ");

it("teaches by its help", async () => {
  const { code, stdout, stderr } = await graft(["--help"]);
  expect([code, stderr]).toEqual([0, ""]);
  for (const command of [
    "quickstart",
    "fit",
    "find-rate",
    "evaluate",
    "predict",
    "embed",
    "inspect",
    "list",
    "doctor",
    "cache",
  ]) {
    expect(stdout).toMatch(new RegExp(`^ {2}${command} `, "m"));
  }
  expect(stdout).toContain("Exit codes: 0 done, 2 ");
  expect(await graft([])).toEqual({ code, stdout, stderr });
});

it("helps with one command by examples", async () => {
  const { code, stdout } = await graft(["fit", "--help"]);
  expect(code).toBe(0);
  expect(stdout).toContain("$ graft fit ./pets --freezing last --set freezing.groups=2 --epochs 5");
});

it("tells its version", async () => {
  expect(await graft(["--version"])).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    stderr: "",
  });
});

it.each([
  [["fti"], '[cli] unknown command "fti"; did you mean "fit"?'],
  [["fit", ".", "--frezing", "last"], '[cli/fit] unknown option "--frezing"; did you mean "--freezing"?'],
  [["predict"], '[cli/predict] missing required argument "bundle"'],
  [
    ["fit"],
    "[cli/fit] expected a folder of pictures or a table of texts; received none. Name it, or say data in the experiment file",
  ],
  [["fit", ".", "--epochs", "x"], '[cli/fit] expected --epochs to be an integer ≥ 1; received "x"'],
  [["fit", ".", "--epochs", "0"], "[cli/fit] expected --epochs to be an integer ≥ 1; received 0"],
  [["fit", ".", "--lr", "0"], "[cli/fit] expected --lr to be a number > 0; received 0"],
  [["fit", ".", "--test", "1"], "[cli/fit] expected --test to be a number ≥ 0 and < 1; received 1"],
  [["fit", ".", "--seed", "1.5"], "[cli/fit] expected --seed to be an integer ≥ 0; received 1.5"],
  [
    ["fit", ".", "--engine", "tf"],
    '[cli/fit] expected --engine to be one of auto, onnxruntime, tfjs-node, tfjs-wasm; received "tf"',
  ],
  [
    ["fit", ".", "--set", "groups=2"],
    '[cli/fit] expected --set kind.option=value, for instance --set freezing.groups=2; received "groups=2"',
  ],
  [
    ["fit", ".", "--set", "haed.hidden=2"],
    `[cli/fit] unknown kind in --set "haed"; did you mean "head"? known: ${listed([...PLUGIN_KINDS, "teacher"])}`,
  ],
  [
    ["fit", ".", "--freezing", "frzen"],
    `[cli] unknown freezing "frzen"; did you mean "frozen"? known: ${listed(STRATEGIES)}`,
  ],
  [
    ["list", "haeds"],
    `[cli/list] unknown kind "haeds"; did you mean "heads"? known: ${listed(Object.values(KIND_TITLES))}`,
  ],
  [
    ["inspect", "efficientnet-lite"],
    '[cli] unknown backbone "efficientnet-lite"; did you mean "efficientnet-lite0"? known: ' +
      "bert-base, clip-vit-b32-image, clip-vit-b32-text, convnext-tiny, dinov2-small, distilbert, efficientnet-b0, " +
      "efficientnet-lite0, gpt2, inception-v3, minilm-l6, mobilenet-v2, mobilenet-v3-large, resnet101, resnet18, resnet50, " +
      "vgg16, vgg19, vit-base, vit-small",
  ],
  [["cache", "prune"], "[cli/cache] expected --all or --older-than <days>; received neither. Say what to remove"],
  [
    ["cache", "prune", "--older-than", "x"],
    '[cli/cache] expected --older-than to be a number of days ≥ 0; received "x"',
  ],
  [["quickstart", "--seed", "-1"], '[cli/quickstart] expected --seed to be an integer ≥ 0; received "-1"'],
  [
    ["quickstart", "--learn", "notto"],
    '[cli/quickstart] unknown emoji set "notto"; did you mean "noto"? known: fluent-emoji-flat, noto, openmoji, twemoji',
  ],
])("answers %j in one line and with exit code 2", async (argv, line) => {
  expect(await graft(argv)).toEqual({ code: 2, stdout: "", stderr: `${line}\n` });
});

it("shows where an input error comes from when asked", async () => {
  const { code, stderr } = await graft(["fit"], { env: { GRAFT_DEBUG: "1" } });
  expect(code).toBe(2);
  expect(stderr).toMatch(/\n {4}at /);
});

it("lists plugins with their purposes", async () => {
  const { code, stdout } = await graft(["list", "--json"]);
  expect(code).toBe(0);
  const listing = JSON.parse(stdout) as Record<string, { name: string; summary: string }[]>;
  expect(Object.keys(listing)).toEqual(Object.values(KIND_TITLES));
  expect(Object.keys(listing).slice(0, 5)).toEqual(["backbones", "freezing", "heads", "solvers", "optimizers"]);
  expect(listing.freezing!.map(({ name }) => name)).toEqual(expect.arrayContaining(["frozen", "full", "last"]));
  expect(listing.heads!.every(({ summary }) => summary.length > 0)).toBe(true);
  expect((await graft(["list", "heads"])).stdout).toMatch(/^heads\nlinear +\S/);
});

it("inspects what a plan would train", async () => {
  const argv = ["inspect", "efficientnet-lite0", "--freezing", "last", "--set", "freezing.groups=2"];
  const { groups } = JSON.parse((await graft([...argv, "--json"])).stdout) as {
    groups: { frozen: boolean; trained: number }[];
  };
  expect(groups.filter(({ frozen }) => !frozen)).toHaveLength(2);
  expect(groups.every(({ frozen, trained }) => (frozen ? trained === 0 : trained > 0))).toBe(true);
  expect((await graft(argv)).stdout.split("\n").filter((line) => line.includes("trains "))).toHaveLength(2);
});
