import { join } from "node:path";
import { expect, test } from "vitest";
import { dataKind } from "./data-kind.ts";
import { type Files, folderWith } from "./text-table.fixture.ts";

const CASES: readonly (readonly [string, Files, string])[] = [
  ["a folder of pictures a class", { "cat/1.jpg": "", "dog/2.png": "" }, "pictures"],
  ["pictures with a table of labels beside them", { "labels.csv": "", "cat/1.jpg": "" }, "pictures"],
  ["pictures with captions", { "cat/1.jpg": "", "cat/1.txt": "" }, "pictures"],
  ["pictures that are told to be unreadable", { "cat/1.heic": "" }, "pictures"],
  ["divided pictures with a README", { "README.txt": "", "train/cat/1.jpg": "" }, "pictures"],
  ["an empty folder", {}, "pictures"],
  ["one table", { "reviews.csv": "", "README.md": "" }, "texts"],
  ["tables of a division", { "train.tsv": "", "dev.tsv": "", "more/notes.md": "" }, "texts"],
  ["a text a file", { "good/1.txt": "", "bad/1.txt": "" }, "texts"],
  ["a text a file, divided", { "train/good/1.txt": "", "test/good/1.txt": "" }, "texts"],
];

test.each(CASES)("%s", async (_, files, kind) => {
  expect(await dataKind(await folderWith(files))).toBe(kind);
});

test("a file is told by its name, whether it is there or not", async () => {
  const folder = await folderWith({ "reviews.CSV": "", "photo.jpg": "" });
  expect(await dataKind(join(folder, "reviews.CSV"))).toBe("texts");
  expect(await dataKind(join(folder, "none.jsonl"))).toBe("texts");
  expect(await dataKind(join(folder, "photo.jpg"))).toBe("pictures");
  expect(await dataKind(join(folder, "none"))).toBe("pictures");
});
