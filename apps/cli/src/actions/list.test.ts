import { expect, it } from "vitest";
import { graft } from "../io.fixture.ts";

it("lists backbones by a pattern, with size, licence and accuracy", async () => {
  const { code, stdout } = await graft(["list", "backbones", "resnet*"]);
  expect(code).toBe(0);
  const lines = stdout.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^backbones +takes +parameters +file +licence +hash +ImageNet +by$/);
  expect(lines.slice(1).map((line) => line.split(/ {2,}/))).toEqual([
    [
      "resnet101",
      "pictures, 224×224",
      "44,549,160",
      "170.6 MB",
      "Apache-2.0",
      "known",
      "76.5 %",
      expect.stringContaining("resnet/README.md"),
    ],
    [
      "resnet18",
      "pictures, 224×224",
      "11,689,512",
      "44.7 MB",
      "Apache-2.0",
      "known",
      "69.9 %",
      expect.stringContaining("resnet/README.md"),
    ],
    [
      "resnet50",
      "pictures, 224×224",
      "25,557,032",
      "97.8 MB",
      "Apache-2.0",
      "known",
      "75.0 %",
      expect.stringContaining("resnet/README.md"),
    ],
  ]);
});

it("shows which backbones take texts", async () => {
  const { stdout } = await graft(["list", "backbones"]);
  const texts = stdout
    .split("\n")
    .map((line) => line.split(/ {2,}/))
    .filter(([, takes]) => takes?.startsWith("texts"));
  expect(texts.map(([name, takes, parameters]) => [name, takes, parameters])).toEqual([
    ["bert-base", "texts, 512 tokens", "109,482,240"],
    ["clip-vit-b32-text", "texts, 77 tokens", expect.anything()],
    ["distilbert", "texts, 512 tokens", "66,362,880"],
    ["gpt2", "texts, 1024 tokens", "124,439,808"],
    ["minilm-l6", "texts, 256 tokens", expect.anything()],
  ]);
});

it("prints whole cards as JSON", async () => {
  const { stdout } = await graft(["list", "backbones", "vit-*", "--json"]);
  const { backbones } = JSON.parse(stdout);
  expect(backbones.map(({ name }: { name: string }) => name)).toEqual(["vit-base", "vit-small"]);
  expect(backbones[1].card).toMatchObject({
    sha256: "unverified",
    accuracy: { top1: 0.77, source: expect.stringContaining("linear probe") },
  });
  expect(backbones[1].card).not.toHaveProperty("bytes");
});

it("takes a pattern for other kinds, and says when nothing is like it", async () => {
  expect((await graft(["list", "heads", "lin*"])).stdout).toMatch(/^heads\nlinear +\S[^\n]*\n$/);
  const { code, stderr } = await graft(["list", "heads", "x*"]);
  expect([code, stderr]).toEqual([
    2,
    expect.stringContaining('[cli/list] no heads are named like "x*"; known: linear'),
  ]);
});

it("lists augmentations of pictures and texts", async () => {
  const { stdout } = await graft(["list", "augmentations", "--json"]);
  const names = JSON.parse(stdout).augmentations.map(({ name }: { name: string }) => name);
  expect(names).toEqual([
    "affine",
    "color-jitter",
    "grayscale",
    "horizontal-flip",
    "rand-augment",
    "random-erasing",
    "random-resized-crop",
    "rotation",
    "span-masking",
    "vertical-flip",
    "word-dropout",
  ]);
  expect((await graft(["list", "mixing"])).stdout).toMatch(/^mixings\ncutmix +\S[^\n]*\nmixup +\S[^\n]*\n$/);
});
