import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { testFolder } from "./folder.fixture.ts";
import { pictureList } from "./picture-list.ts";
import { textLines } from "./text-lines.ts";
import { folderWith, windows1252 } from "./text-table.fixture.ts";

test("lines of a text file, numbered as they stand there", async () => {
  // A NUL at the start would make it no text at all.
  const long = "five ".repeat(20_000).trim();
  const folder = await folderWith({ "a.txt": `\ufeffone \r\n\r\n  two\n${long}\nthree\u0000\n\nfour` });
  const { samples, skipped, columns } = await textLines(join(folder, "a.txt"));
  expect(samples.map(({ text, relative }) => [text, relative])).toEqual([
    ["one", "a.txt:1"],
    ["two", "a.txt:3"],
    [long, "a.txt:4"],
    ["four", "a.txt:7"],
  ]);
  expect(skipped).toEqual([{ path: expect.stringMatching(/a\.txt:5$/), reason: "NUL character in the text" }]);
  expect(columns).toEqual([]);
});

test("lines in windows-1252, and the notice that says so", async () => {
  const folder = await folderWith({ "a.txt": windows1252("café\n“quoted”\n") });
  const notices: string[] = [];
  const onEvent = (event: { type: string; message?: string }) =>
    void (event.type === "notice" && notices.push(event.message!));
  const { samples } = await textLines(join(folder, "a.txt"), { control: { onEvent } });
  expect(samples.map(({ text }) => text)).toEqual(["café", "“quoted”"]);
  expect(notices).toEqual([expect.stringContaining("it is read as windows-1252")]);
});

test("a file of lines that is not there", async () => {
  await expect(textLines("/nowhere/a.txt")).rejects.toThrow(
    '[data/text-lines] expected a file of lines; received "/nowhere/a.txt": it does not exist. Check the path',
  );
});

test("pictures of a folder and below, without classes, copies too", async () => {
  const folder = testFolder();
  await mkdir(join(folder, "deep", "er"), { recursive: true });
  const pixel = await sharp({ create: { width: 4, height: 4, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  for (const name of ["b.png", "deep/er/a.png", "deep/c.jpg"]) await writeFile(join(folder, name), pixel);
  await writeFile(join(folder, "bad.png"), "not a picture");
  const { samples, skipped } = await pictureList(folder);
  expect(samples.map(({ relative }) => relative)).toEqual(["b.png", "deep/c.jpg", "deep/er/a.png"]);
  expect(skipped.map(({ path }) => path)).toEqual([expect.stringMatching(/bad\.png$/)]);
  expect((await pictureList(join(folder, "b.png"))).samples).toMatchObject([{ relative: "b.png" }]);
});

test("a folder without pictures", async () => {
  const folder = await folderWith({ "readme.md": "" });
  await expect(pictureList(folder)).rejects.toThrow(
    /^\[data\/picture-list\] expected pictures in ".*"; received none that can be used \(.*readme\.md: not an image\)$/,
  );
  await expect(pictureList("/nowhere")).rejects.toThrow(
    '[data/picture-list] expected pictures in "/nowhere": it does not exist. Check the path',
  );
});
