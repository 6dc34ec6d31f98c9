import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { textList } from "./text-list.ts";
import { textHash } from "./text-space.ts";
import { bySplit, folderWith, many, read, readPath, reasons, rows, windows1252 } from "./text-table.fixture.ts";
import { textTable } from "./text-table.ts";

test("reads a CSV file and says which columns it took", async () => {
  const csv = 'Id,Review,Label\n1,"good, really ""good""",pos\n2,"two\nlines",neg\n3,  plain  ,pos\n';
  const found = await read("reviews.csv", csv, { test: 0 });
  expect(rows(found)).toEqual([
    ['good, really "good"', "pos"],
    ["two\nlines", "neg"],
    ["plain", "pos"],
  ]);
  expect(found.classes).toEqual(["neg", "pos"]);
  expect(found.columns).toEqual({ text: ["Review"], label: "Label" });
  expect(found.samples.map(({ relative }) => relative)).toEqual(["reviews.csv:2", "reviews.csv:3", "reviews.csv:5"]);
  expect(found.samples[2]).toMatchObject({ split: "train", sha256: textHash("plain") });
  expect(found.notices).toEqual(['reviews.csv: texts are in column "Review", classes in "Label"']);
  expect([found.skipped, found.duplicates]).toEqual([[], []]);
});

test("skips rows that cannot be used and says why", async () => {
  const csv = `text,label,split
one,x,train
"  ",x,train
two,,train
three,x
four,x,train,more
fi\0ve,x,train
six,x,later
seven,x,
,,
"eight
lines",y,train
nine,y,TEST
ten,x,dev
`;
  const found = await read("a.csv", csv);
  expect(rows(found)).toEqual([
    ["one", "x"],
    ["eight\nlines", "y"],
    ["nine", "y"],
    ["ten", "x"],
  ]);
  expect(found.samples.map(({ relative, split }) => `${relative} ${split}`)).toEqual([
    "a.csv:2 train",
    "a.csv:11 train",
    "a.csv:13 test",
    "a.csv:14 validation",
  ]);
  expect(reasons(found)).toEqual({
    "a.csv:3": "empty text",
    "a.csv:4": "no label",
    "a.csv:5": "2 columns instead of 3",
    "a.csv:6": "4 columns instead of 3",
    "a.csv:7": "NUL character in the text",
    "a.csv:8": 'unknown split "later"',
    "a.csv:9": "no split",
    "a.csv:10": "empty text",
  });
  const lines = ["{", '["text"]', "null", '{"label":"x"}', '{"text":["a"],"label":"x"}', '{"text":"two"}'];
  const json = await read("a.jsonl", `{"text":"one","label":"x"}\n${lines.join("\n")}\n`);
  expect(reasons(json)).toEqual({
    "a.jsonl:2": "no JSON object",
    "a.jsonl:3": "no JSON object",
    "a.jsonl:4": "no JSON object",
    "a.jsonl:5": "no text",
    "a.jsonl:6": "no text",
    "a.jsonl:7": "no label",
  });
});

test("takes the columns that are named, by number where there is no header", async () => {
  const csv = "text,label,mood,TITLE\none,x,good,first\ntwo,y,bad,second\n";
  const named = await read("a.csv", csv, { text: ["title", "text"], label: " Mood ", test: 0 });
  expect(rows(named)).toEqual([
    ["first", "one", "good"],
    ["second", "two", "bad"],
  ]);
  expect(named.columns).toEqual({ text: ["TITLE", "text"], label: "mood" });
  expect(named.samples[0]!.sha256).toBe(textHash("first", "one"));
  expect(named.notices).toEqual([]);
  const bare = await read("a.tsv", "one\t0\ntwo\t1\n", { header: false, text: "1", label: "2", test: 0 });
  expect(rows(bare)).toEqual([
    ["one", "0"],
    ["two", "1"],
  ]);
});

test("finds pairs by their usual names, and skips halves", async () => {
  const found = await read("a.csv", "premise,hypothesis,label\na,b,x\nb,a,y\nc,,x\n", { test: 0 });
  expect(rows(found)).toEqual([
    ["a", "b", "x"],
    ["b", "a", "y"],
  ]);
  expect(reasons(found)).toEqual({ "a.csv:4": "empty text" });
  expect(found.notices).toEqual(['a.csv: texts are in column "premise" and "hypothesis", classes in "label"']);
});

test("counts a text once and leaves the given test set as it is", async () => {
  const found = await readPath(
    await folderWith({
      "train.csv": "text,label\none,x\ntwo,y\n one ,x\nthree,y\nboth,x\n",
      "Test.tsv": "text\tlabel\nthree\ty\nfour\tx\nboth\ty\n",
    }),
  );
  expect(bySplit(found, "train")).toEqual(["one", "two"]);
  expect(bySplit(found, "test")).toEqual(["three", "four"]);
  expect(found.duplicates).toEqual([
    { path: `${found.folder}/train.csv:4`, of: `${found.folder}/train.csv:2` },
    { path: `${found.folder}/train.csv:5`, of: `${found.folder}/Test.tsv:2` },
  ]);
  expect(reasons(found)).toEqual({
    "train.csv:6": "same text in two classes",
    "Test.tsv:4": "same text in two classes",
  });
  expect(found.notices.at(-1)).toBe("2 texts are copies of others and left out, 1 of them from another split");
});

test("makes validation the test set where there is no other, and leaves out a table without labels", async () => {
  const files = {
    "train.csv": `text,label\n${many(8)}`,
    "dev.csv": `text,label\n${many(4, 50)}`,
    "test.csv": "text\nq\n",
  };
  const found = await readPath(await folderWith({ ...files, "more.csv": "a", "notes.txt": "x" }), { validation: 0.5 });
  expect(["train", "validation", "test"].map((split) => bySplit(found, split).length)).toEqual([4, 4, 4]);
  expect(bySplit(found, "test")[0]).toBe("text 50");
  expect(reasons(found)).toEqual({
    "more.csv": "not train, val or test",
    "notes.txt": "not text data",
    "test.csv": 'no column "label"',
  });
  expect(found.notices).toEqual([
    'train.csv: texts are in column "text", classes in "label"',
    'test.csv has no column "label"; it is left out',
    "no test texts in FOLDER: those for validation are the test set, nothing is tuned on them",
  ]);
});

test("splits by content and seed, whatever the order of the rows", async () => {
  const csv = (order: number) =>
    `text,label\n${many(40)
      .trim()
      .split("\n")
      .sort((a, b) => (a < b ? -order : order))
      .join("\n")}`;
  const tested = async (order: number, seed: number) =>
    bySplit(await read("a.csv", csv(order), { seed, validation: 0.25 }), "test").sort();
  expect(await tested(1, 3)).toHaveLength(8);
  expect(await tested(1, 3)).toEqual(await tested(-1, 3));
  expect(await tested(1, 3)).not.toEqual(await tested(1, 4));
  const prints = await Promise.all([3, 3, 4].map(async (seed) => (await read("a.csv", csv(1), { seed })).fingerprint));
  expect(prints[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(prints[1]).toBe(prints[0]);
  expect(prints[2]).not.toBe(prints[0]);
});

test("divides a train table, or split column of one value, that stands alone", async () => {
  const alone = await textTable(await folderWith({ "train.csv": `text,label\n${many(20)}` }));
  expect(bySplit(alone, "test")).toHaveLength(4);
  const column = await read("a.csv", `text,label,split\n${many(20).replaceAll("\n", ",train\n")}`);
  expect(bySplit(column, "test")).toHaveLength(4);
});

test("reads a folder a class, one text a file", async () => {
  const folder = await folderWith({
    "train/pos/1.txt": "good\r\nfilm\n",
    "train/pos/deep/2.TXT": "\ufefffine",
    "train/neg/1.txt": windows1252("übel"),
    "train/neg/2.txt": windows1252("öde"),
    "train/neg/empty.txt": " \n",
    "train/neg/zip.txt": Buffer.from("PK\x03\x04rest"),
    "train/neg/notes.md": "x",
    "test/pos/1.txt": "great",
    "test/neg/1.txt": "bad",
    "README.txt": "x",
  });
  const found = await readPath(folder);
  expect(rows(found)).toEqual([
    ["bad", "neg"],
    ["great", "pos"],
    ["übel", "neg"],
    ["öde", "neg"],
    ["good\nfilm", "pos"],
    ["fine", "pos"],
  ]);
  expect(found.samples.map(({ relative, split }) => `${split} ${relative}`)).toContain("train train/pos/deep/2.TXT");
  expect(found.columns).toBeUndefined();
  expect(reasons(found)).toEqual({
    "README.txt": "not in a class folder",
    "train/neg/empty.txt": "empty text",
    "train/neg/notes.md": "not text data",
    "train/neg/zip.txt": `expected text in "${folder}/train/neg/zip.txt"; received a ZIP or Excel file. Save or unpack it as CSV, TSV or JSON lines`,
  });
  expect(found.notices).toEqual([
    "FOLDER/train/neg/1.txt is not UTF-8 (line 1): it is read as windows-1252; set encoding if it is something else; 1 more file is like it",
  ]);
});

test("a table beside class folders does not hide them", async () => {
  const folder = await folderWith({ "a/1.txt": "one", "b/1.txt": "two", "meta.csv": "x" });
  mkdirSync(join(folder, "c"));
  const found = await textTable(folder, { test: 0 });
  expect(rows(found)).toEqual([
    ["one", "a"],
    ["two", "b"],
  ]);
  expect(reasons(found)).toEqual({ "meta.csv": "not text data" });
});

test("reads texts alone, every row of them, in their order", async () => {
  const csv = "id,review,label\n1,one,x\n2,,x\n3,one,\n4,two,y\n";
  const folder = await folderWith({ "a.csv": csv, "b.jsonl": '{"premise":"p","hypothesis":"h"}\n' });
  const { samples, skipped, columns } = await textList(join(folder, "a.csv"));
  expect(columns).toEqual(["review"]);
  expect(samples).toEqual([
    { text: "one", relative: "a.csv:2", sha256: textHash("one") },
    { text: "one", relative: "a.csv:4", sha256: textHash("one") },
    { text: "two", relative: "a.csv:5", sha256: textHash("two") },
  ]);
  expect(skipped).toEqual([{ path: join(folder, "a.csv:3"), reason: "empty text" }]);
  const pairs = await textList(join(folder, "b.jsonl"));
  expect(pairs.samples).toEqual([{ text: "p", pair: "h", relative: "b.jsonl:1", sha256: textHash("p", "h") }]);
  expect(pairs.columns).toEqual(["premise", "hypothesis"]);
  await expect(textList(join(folder, "a.csv"), { text: "id", strict: true })).resolves.toMatchObject({
    columns: ["id"],
  });
  await expect(textList(join(folder, "a.csv"), { strict: true })).rejects.toThrow(
    `[data/text-list] expected every text to be usable; received "${folder}/a.csv:3": empty text. Mend or remove it, or leave strict off`,
  );
  await expect(textList(folder)).rejects.toThrow(
    `[data/text-list] expected a table of texts; received the folder ${JSON.stringify(folder)}. Name one of its files`,
  );
});
