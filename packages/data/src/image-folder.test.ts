import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunEvent } from "@graft-ml/core";
import { expect, test } from "vitest";
import { bombPicture, plant, testFolder, tinyPicture } from "./folder.fixture.ts";
import { type ImageDataset, imageFolder } from "./image-folder.ts";

/** `count` pictures of a class, all different for different starts. */
const many = (name: string, count: number, start: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${name}/${i}.png`, start + i]));

const bySplit = ({ samples }: ImageDataset, split: string) =>
  samples.filter((s) => s.split === split).map((s) => s.relative);
const reasons = ({ skipped, folder }: ImageDataset) =>
  Object.fromEntries(skipped.map(({ path, reason }) => [path.replace(`${folder}/`, ""), reason]));

async function folderWith(files: Parameters<typeof plant>[1]): Promise<string> {
  const folder = testFolder();
  await plant(folder, files);
  return folder;
}

test("reads a folder a class, also nested, and splits each class", async () => {
  const folder = await folderWith({ ...many("dogs", 10, 0), ...many("cats", 5, 50), "cats/more/deep/a.png": 99 });
  const dataset = await imageFolder(folder);
  expect(dataset.classes).toEqual(["cats", "dogs"]);
  expect(dataset.samples).toHaveLength(16);
  expect(dataset.samples.map((s) => s.relative)).toContain("cats/more/deep/a.png");
  expect(bySplit(dataset, "test").filter((path) => path.startsWith("dogs/"))).toHaveLength(2);
  expect(bySplit(dataset, "test").filter((path) => path.startsWith("cats/"))).toHaveLength(1);
  expect(bySplit(dataset, "validation")).toEqual([]);
  expect(dataset.skipped).toEqual([]);
});

test("splits by content and seed, whatever the files are called", async () => {
  const names = Array.from({ length: 20 }, (_, i) => i);
  const forwards = await folderWith(Object.fromEntries(names.map((i) => [`a/${String(i).padStart(2, "0")}.png`, i])));
  const backwards = await folderWith(
    Object.fromEntries(names.map((i) => [`a/${String(99 - i).padStart(2, "0")}.png`, i])),
  );
  const tested = async (folder: string, seed: number) =>
    (await imageFolder(folder, { seed, validation: 0.25 })).samples.map((s) => `${s.split} ${s.sha256}`).sort();
  expect(await tested(forwards, 3)).toEqual(await tested(backwards, 3));
  expect(await tested(forwards, 3)).not.toEqual(await tested(forwards, 4));
  const { samples, fingerprint } = await imageFolder(forwards, { seed: 3, validation: 0.25 });
  expect([16 - 4, 4, 4]).toEqual(
    ["train", "validation", "test"].map((split) => samples.filter((s) => s.split === split).length),
  );
  expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect((await imageFolder(forwards, { seed: 4 })).fingerprint).not.toBe(fingerprint);
});

test("a sample that is added moves few others", async () => {
  const folder = await folderWith(many("a", 40, 0));
  const before = bySplit(await imageFolder(folder), "test");
  await plant(folder, { "a/new.png": 200 });
  const after = bySplit(await imageFolder(folder), "test");
  expect(before.filter((path) => after.includes(path)).length).toBeGreaterThanOrEqual(before.length - 1);
});

test("takes the folder's own division, whatever the case of its names", async () => {
  const folder = await folderWith({
    ...many("Train/a", 3, 0),
    ...many("VALID/a", 2, 10),
    ...many("test/a", 2, 20),
    "extra/x.png": 30,
  });
  const dataset = await imageFolder(folder, { validation: 0.5 });
  expect(bySplit(dataset, "train")).toEqual(["Train/a/0.png", "Train/a/1.png", "Train/a/2.png"]);
  expect(bySplit(dataset, "validation")).toEqual(["VALID/a/0.png", "VALID/a/1.png"]);
  expect(bySplit(dataset, "test")).toEqual(["test/a/0.png", "test/a/1.png"]);
  expect(reasons(dataset)).toEqual({ extra: "not train, val or test" });
});

test("makes val the test set where there is no other, and says so", async () => {
  const folder = await folderWith({ ...many("train/a", 4, 0), ...many("val/a", 2, 10) });
  const events: RunEvent[] = [];
  const dataset = await imageFolder(folder, { control: { onEvent: (event) => events.push(event) }, validation: 0.5 });
  expect(bySplit(dataset, "test")).toEqual(["val/a/0.png", "val/a/1.png"]);
  expect(bySplit(dataset, "validation")).toHaveLength(2);
  const message = `no test folder in ${dataset.folder}: "val" is the test set, nothing is tuned on it`;
  expect(events[0]).toEqual({ type: "notice", message });
  expect(events.at(-1)).toEqual({ type: "progress", stage: "scan", done: 6, total: 6 });
});

test("divides a train folder that stands alone", async () => {
  const dataset = await imageFolder(await folderWith(many("train/a", 10, 0)));
  expect(bySplit(dataset, "test")).toHaveLength(2);
});

test("knows a class called train from a split", async () => {
  const folder = await folderWith({ ...many("train", 3, 0), ...many("bus", 3, 10), "train/steam/x.png": 20 });
  expect((await imageFolder(folder)).classes).toEqual(["bus", "train"]);
});

test("keeps one of several copies, and the given test set as it is", async () => {
  const files = {
    "train/a/1.png": 1,
    "train/a/2.png": 2,
    "train/a/again.png": 2,
    "test/a/1.png": 1,
    "train/b/3.png": 3,
    "test/b/4.png": 4,
  };
  const dataset = await imageFolder(await folderWith(files));
  expect(bySplit(dataset, "train")).toEqual(["train/a/2.png", "train/b/3.png"]);
  expect(bySplit(dataset, "test")).toEqual(["test/a/1.png", "test/b/4.png"]);
  expect(dataset.duplicates).toEqual([
    { path: join(dataset.folder, "train/a/1.png"), of: join(dataset.folder, "test/a/1.png") },
    { path: join(dataset.folder, "train/a/again.png"), of: join(dataset.folder, "train/a/2.png") },
  ]);
});

test("drops a picture that is in two classes", async () => {
  const dataset = await imageFolder(await folderWith({ "a/1.png": 1, "a/2.png": 2, "b/2.png": 2, "b/3.png": 3 }));
  expect(dataset.samples.map((s) => s.relative)).toEqual(["a/1.png", "b/3.png"]);
  expect(reasons(dataset)).toEqual({
    "a/2.png": "same picture in two classes",
    "b/2.png": "same picture in two classes",
  });
});

test("skips what cannot be used and says why", async () => {
  const outside = await folderWith({ "secret.png": 1 });
  const folder = await folderWith({
    ...many("a", 3, 0),
    "a/upper.JPG": await tinyPicture(77),
    "a/.DS_Store": "x",
    "a/.hidden.png": 5,
    "a/Thumbs.db": "x",
    "a/README.md": "x",
    "SOURCE.txt": "x",
    "loose.png": 9,
    "a/old.bmp": "BM",
    "a/empty.jpg": "",
    "a/text.jpg": "this is no picture",
    "a/cut.png": (await tinyPicture(3)).subarray(0, 20),
    "a/svg.png": "<svg xmlns='http://www.w3.org/2000/svg'/>",
    "a/bomb.png": await bombPicture(30_000, 20_000),
  });
  mkdirSync(join(folder, "nothing"));
  symlinkSync(join(outside, "secret.png"), join(folder, "a/out.png"));
  symlinkSync(outside, join(folder, "a/outdir"));
  symlinkSync(join(folder, "a/0.png"), join(folder, "a/in.png"));
  symlinkSync(folder, join(folder, "a/loop"));
  symlinkSync("self.png", join(folder, "a/self.png"));
  symlinkSync("nowhere.png", join(folder, "a/dangling.png"));
  const dataset = await imageFolder(folder);
  expect(dataset.samples.map((s) => s.relative)).toEqual(["a/0.png", "a/1.png", "a/2.png", "a/upper.JPG"]);
  expect(dataset.duplicates.map(({ path }) => path)).toEqual([join(dataset.folder, "a/in.png")]);
  const { "a/cut.png": cut, ...others } = reasons(dataset);
  expect(cut).toMatch(/^damaged picture: \S/);
  expect(others).toEqual({
    "SOURCE.txt": "not an image",
    "loose.png": "not in a class folder",
    nothing: "class folder without a usable picture",
    "a/README.md": "not an image",
    "a/old.bmp": "unsupported format .bmp; convert it to JPEG or PNG",
    "a/empty.jpg": "empty file",
    "a/text.jpg": "damaged picture: content is no JPEG, PNG, WebP, GIF, AVIF or TIFF",
    "a/svg.png": "damaged picture: content is no JPEG, PNG, WebP, GIF, AVIF or TIFF",
    "a/bomb.png": "30000 × 20000 pixels; the limit is 100 million",
    "a/out.png": "link to a place outside the folder",
    "a/outdir": "link to a place outside the folder",
    "a/loop": "link to a folder",
    "a/self.png": "link that leads to itself",
    "a/dangling.png": "link to nothing, or removed meanwhile",
  });
});

test.skipIf(process.platform === "win32")("does not wait for a named pipe", async () => {
  const folder = await folderWith(many("a", 2, 0));
  execFileSync("mkfifo", [join(folder, "a/pipe.png")]);
  expect(reasons(await imageFolder(folder))).toEqual({ "a/pipe.png": "neither a file nor a folder" });
});

// Root reads everything: nothing to see there.
test.skipIf(process.getuid?.() === 0)("skips what it may not read", async () => {
  const folder = await folderWith(many("a", 3, 0));
  chmodSync(join(folder, "a/1.png"), 0);
  expect(reasons(await imageFolder(folder))).toEqual({ "a/1.png": "no permission to read it" });
});

test("with strict, the first picture that cannot be used throws, and a README does not", async () => {
  const folder = await folderWith({ ...many("a", 3, 0), "README.md": "x" });
  await expect(imageFolder(folder, { strict: true })).resolves.toMatchObject({ classes: ["a"] });
  await plant(folder, { "a/empty.jpg": "" });
  await expect(imageFolder(folder, { strict: true })).rejects.toMatchObject({
    code: "input",
    message: `[data/image-folder] expected every picture to be usable; received "${folder}/a/empty.jpg": empty file. Remove it, or leave strict off`,
  });
});

test.each<[string, Parameters<typeof plant>[1], string]>([
  [
    "an empty folder",
    {},
    "expected one folder a class in FOLDER; received none. Put each class's pictures in a folder of its own",
  ],
  [
    "no class folders",
    { "1.png": 1, "2.png": 2 },
    "expected one folder a class in FOLDER; received only pictures (2). Put each class's pictures in a folder of its own",
  ],
  [
    "no pictures",
    { "a/notes.txt": "x" },
    "expected pictures in the class folders of FOLDER; received none that can be used. Add JPEG, PNG, WebP, GIF, AVIF or TIFF files",
  ],
  [
    "an untrained class",
    { "train/a/1.png": 1, "test/a/2.png": 2, "test/b/3.png": 3 },
    'expected training pictures of every class; received none of "b" but 1 outside train in FOLDER. Add some to its train folder, or mend its name',
  ],
  [
    "no train",
    { "val/a/1.png": 1, "test/a/2.png": 2 },
    "expected a train folder; received only test and val in FOLDER. Add train/<class>/",
  ],
  [
    "two validation folders",
    { "train/a/1.png": 1, "val/a/2.png": 2, "valid/a/3.png": 3 },
    'expected one validation folder; received "val" and "valid" in FOLDER. Merge or rename one',
  ],
  [
    "an undivided part",
    { "train/a/1.png": 1, "test/a/2.png": 2, "val/3.png": 3 },
    "expected one folder a class in FOLDER/val; received only pictures (1). Put each class's pictures in a folder of its own",
  ],
])("refuses %s", async (_, files, message) => {
  const folder = await folderWith(files);
  await expect(imageFolder(folder)).rejects.toMatchObject({
    code: "input",
    message: `[data/image-folder] ${message.replace("FOLDER", folder)}`,
  });
});

test("says that links to folders are not followed where nothing else is there", async () => {
  const elsewhere = await folderWith(many("a", 2, 0));
  const folder = testFolder();
  symlinkSync(join(elsewhere, "a"), join(folder, "a"));
  await expect(imageFolder(folder)).rejects.toThrow(
    `expected one folder a class in ${folder}; received only links that are not followed ("${folder}/a": link to a place outside the folder). Put`,
  );
});

test("refuses a missing folder, a file and impossible shares", async () => {
  const folder = await folderWith({ file: "x" });
  await expect(imageFolder(join(folder, "none"))).rejects.toThrow(
    `[data/image-folder] expected a folder of pictures; received "${folder}/none": it does not exist. Check the path`,
  );
  await expect(imageFolder(join(folder, "file"))).rejects.toThrow(
    `[data/image-folder] expected a folder of pictures; received the file "${folder}/file". Name the folder that holds the classes`,
  );
  await expect(imageFolder(folder, { test: 1 })).rejects.toThrow(
    "[data/image-folder] expected test to be a share from 0 to below 1; received 1",
  );
});

test("stops at the signal", async () => {
  const folder = await folderWith(many("a", 3, 0));
  await expect(imageFolder(folder, { control: { signal: AbortSignal.abort() } })).rejects.toMatchObject({
    code: "interrupted",
  });
});

test("a file larger than one read is hashed whole", async () => {
  const folder = await folderWith({ "a/1.png": 1 });
  const long = Buffer.concat([await tinyPicture(2), Buffer.alloc(600_000)]);
  writeFileSync(join(folder, "a/2.png"), long);
  const { createHash } = await import("node:crypto");
  const dataset = await imageFolder(folder);
  expect(dataset.samples[1]?.sha256).toBe(createHash("sha256").update(long).digest("hex"));
});

const flowers = new URL("../../../../shared/data/flowers", import.meta.url).pathname;
test.skipIf(!existsSync(flowers))("reads the flowers (skipped where ../shared/data/flowers is not there)", async () => {
  const dataset = await imageFolder(flowers, { strict: true });
  expect(dataset.classes).toEqual(["daisy", "dandelion", "roses", "sunflowers", "tulips"]);
  expect([bySplit(dataset, "train").length, bySplit(dataset, "test").length]).toEqual([500, 300]);
  expect(reasons(dataset)).toEqual({ "SOURCE.txt": "not an image" });
});
