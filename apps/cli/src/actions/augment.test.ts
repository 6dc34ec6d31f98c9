import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { graft, paintClasses, scratch } from "../io.fixture.ts";

let data: string;
beforeAll(async () => {
  data = await scratch();
  await paintClasses(data, { red: [200, 30, 30], blue: [30, 30, 200] }, 6);
});

it("fits with augmentation, and JSON and report say which and where", async () => {
  const out = join(await scratch(), "bundle");
  const flags = [
    "--augment",
    "horizontal-flip,rotation",
    "--set",
    "augment.rotation.degrees=5",
    "--views",
    "2",
    "--no-cache",
  ];
  const { code, stdout, stderr } = await graft(["fit", data, ...flags, "--out", out, "--json"]);
  expect([code, stderr]).toEqual([0, expect.anything()]);
  const expected = {
    applied: [
      { name: "horizontal-flip", options: { p: 0.5 } },
      { name: "rotation", options: { degrees: 5, interpolation: "bilinear", fill: 0 } },
    ],
    below: "frozen boundary",
    views: 2,
  };
  expect(JSON.parse(stdout).augmentation).toEqual(expected);
  const manifest = JSON.parse(await readFile(join(out, "graft.json"), "utf8"));
  expect(JSON.stringify(manifest)).toContain(JSON.stringify(expected));
  const report = await readFile(join(out, "report.html"), "utf8");
  expect(report).toContain("2 views of each sample, kept below a frozen boundary");
  expect(report).toContain("--augment horizontal-flip,rotation --set augment.rotation.degrees=5");
});

it.each([
  [["--augment", "horizontl-flip"], /\[cli\] unknown augment "horizontl-flip"; did you mean "horizontal-flip"\?/],
  [["--augment", "rotation", "--set", "augment.rotation.degree=5"], /\[augment\/rotation\] unknown option "degree"/],
  [["--views", "3"], /\[graft\/augmentation\] expected augmentation together with 3 views; received none/],
  [["--augment", "word-dropout"], /\[graft\/augmentation\] "word-dropout" changes texts; the data are pictures/],
  [["--mixing", "mixdown"], /\[cli\] unknown mixing "mixdown"; known: cutmix, mixup/],
  [["--augment", "rotation", "--views", "0"], /\[cli\/fit\] expected --views to be an integer ≥ 1; received 0/],
])("refuses %j in one line", async (flags, message) => {
  const { code, stderr } = await graft(["fit", data, ...flags, "--quiet"]);
  expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
});
