import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { plant, testFolder } from "./folder.fixture.ts";
import { type Files, folderWith, many } from "./text-table.fixture.ts";
import { type TextTableOptions, textTable } from "./text-table.ts";

const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 37) % 256);

test.each<[string, string, string | Uint8Array, TextTableOptions | undefined, string]>([
  ["an empty file", "a.csv", "", undefined, 'expected rows in "PATH"; received an empty file'],
  ["blank lines", "a.csv", "\n \r\n", undefined, 'expected rows in "PATH"; received an empty file'],
  [
    "a header alone",
    "a.csv",
    "text,label\n",
    undefined,
    'expected labelled texts in "PATH"; received none that can be used',
  ],
  [
    "rows that are all unusable",
    "a.csv",
    "text,label\none,\ntwo,\n",
    undefined,
    'expected labelled texts in "PATH"; received none that can be used (PATH:2: no label)',
  ],
  [
    "no column of texts",
    "a.csv",
    `${"long ".repeat(20)},1,x\n`,
    undefined,
    'expected a column of texts in "PATH"; received "long long long long long long long long…", "1", "x". Name it with text (--text-column), or set header to false (--no-header) if these are values',
  ],
  [
    "no column of classes",
    "a.csv",
    "rev_id,comment,toxic\n1,a,b\n",
    undefined,
    'expected a column of classes in "PATH"; received "rev_id", "comment", "toxic". Name it with label (--label-column), or set header to false (--no-header) if these are values',
  ],
  [
    "columns by number that are not named",
    "a.tsv",
    "a\tb\n",
    { header: false },
    'expected a column of texts in "PATH"; received "1", "2". Name it with text (--text-column)',
  ],
  [
    "a column that is not there",
    "a.csv",
    "text,label\na,b\n",
    { label: "lable" },
    'unknown column of "PATH" "lable"; did you mean "label"? known: label, text',
  ],
  [
    "a column that is there twice",
    "a.csv",
    "text,label,Label\na,b,c\n",
    undefined,
    'expected one column "label"; received several of that name in "PATH". Rename the others',
  ],
  [
    "one column for two things",
    "a.csv",
    "text,label\na,b\n",
    { label: "text" },
    'expected text, label and split to be different columns; received "text" twice',
  ],
  [
    "three texts",
    "a.csv",
    "a,b,c,label\n",
    { text: ["a", "b", "c"] },
    "expected one or two columns of texts; received 3",
  ],
  [
    "a quote that never closes",
    "a.csv",
    'text,label\none,x\n"two,y\nthree,x\n',
    undefined,
    'expected a row to end that starts in or after line 3 of "PATH"; received a quote that never closes. Close its quote, or set quotes to false where they are only text',
  ],
  [
    "a quote that takes in too much",
    "a.csv",
    `text,label\none,x\n"two,y\n${"z".repeat(17 * 1024 * 1024)}`,
    undefined,
    'expected a row to end that starts in or after line 3 of "PATH"; received more than 16 MiB. Close its quote, or set quotes to false where they are only text',
  ],
  [
    "a line of JSON that is too long",
    "a.jsonl",
    `{"text":"a","label":"b"}\n${"z".repeat(17 * 1024 * 1024)}`,
    undefined,
    'expected lines of at most 16 Mi characters; received a longer one in line 2 of "PATH"',
  ],
  [
    "a JSON array",
    "a.json",
    '\n[\n{"text":"a","label":"b"}]',
    undefined,
    'expected a JSON object a line in "PATH"; received an array in line 2. Write one {"text": …, "label": …} a line',
  ],
  [
    "damaged JSON",
    "a.jsonl",
    "{text: 1}\n",
    undefined,
    'expected a JSON object a line in "PATH"; received something else in line 1. Write one {"text": …, "label": …} a line',
  ],
  ["a long delimiter", "a.csv", "a,b\n", { delimiter: "::" }, 'expected delimiter to be one character; received "::"'],
  [
    "a spreadsheet",
    "a.csv",
    "PK\x03\x04\x14\0",
    undefined,
    'expected text in "PATH"; received a ZIP or Excel file. Save or unpack it as CSV, TSV or JSON lines',
  ],
  ["bytes", "a.csv", bytes(5_000), undefined, 'expected text in "PATH"; received binary data. Check the path'],
  [
    "UTF-16 without a mark",
    "a.csv",
    Buffer.from("text,label\na,b\n", "utf16le"),
    undefined,
    'expected text in "PATH"; received what looks like UTF-16 without a mark. Set encoding to utf-16le',
  ],
  [
    "UTF-16 without a mark, the other way round",
    "a.csv",
    Buffer.from("text,label\na,b\n", "utf16le").swap16(),
    undefined,
    'expected text in "PATH"; received what looks like UTF-16 without a mark. Set encoding to utf-16be',
  ],
  [
    "UTF-32",
    "a.csv",
    Uint8Array.of(0xff, 0xfe, 0, 0, 65, 0, 0, 0),
    undefined,
    'expected text in "PATH"; received UTF-32. Save it as UTF-8',
  ],
  [
    "UTF-8 that is none, though told",
    "a.csv",
    Buffer.from("text,label\nok,x\n\xfcbel,y\n", "latin1"),
    { encoding: "utf8" },
    'expected UTF-8 in "PATH"; received other bytes in line 3. Save it as UTF-8, or set encoding to what it is',
  ],
  [
    "an encoding that does not fit",
    "a.csv",
    Buffer.from("text,label\n\xff\xff,y\n", "latin1"),
    { encoding: "shift_jis" },
    'expected shift_jis in "PATH"; received bytes that are not. Set encoding to what it is',
  ],
  [
    "an unknown encoding",
    "a.csv",
    "a,b\n",
    { encoding: "utf-9" },
    'expected encoding to be one that is known, such as utf-8, utf-16le, windows-1252 or shift_jis; received "utf-9"',
  ],
  [
    "a class that is not trained",
    "a.csv",
    "text,label,split\na,x,train\nb,y,test\nc,x,test\n",
    undefined,
    'expected training texts of every class; received none of "y" but 1 outside train in FOLDER. Add some, or mend its name',
  ],
  [
    "no training texts",
    "a.csv",
    "text,label,split\na,x,val\nb,y,test\n",
    undefined,
    "expected texts to train on in FOLDER; received only test and validation. Add a train table, or rows whose split is train",
  ],
  [
    "texts that are all in two classes",
    "a.csv",
    "text,label\na,x\na,y\n",
    undefined,
    "expected texts of one class each in FOLDER; received only texts that are in two",
  ],
  [
    "an impossible share",
    "a.csv",
    "text,label\na,x\n",
    { test: 1 },
    "expected test to be a share from 0 to below 1; received 1",
  ],
])("refuses %s", async (_, name, content, options, message) => {
  const folder = await folderWith({ [name]: content });
  const path = join(folder, name);
  const error = await textTable(path, options).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: "input",
    message: `[data/text-table] ${message.replaceAll("PATH", path).replaceAll("FOLDER", folder)}`,
  });
});

test.each<[string, Files, string]>([
  [
    "several tables",
    { "a.csv": "x", "b.csv": "y" },
    'expected one table, or tables called train, val and test, in FOLDER; received "a.csv", "b.csv". Name one of them, or rename them',
  ],
  [
    "two validation tables",
    { "train.csv": "x", "val.csv": "y", "dev.csv": "z" },
    'expected one validation table; received "dev.csv" and "val.csv" in FOLDER. Merge or rename one',
  ],
  [
    "an empty folder",
    {},
    "expected one folder a class in FOLDER; received none. Put each class's texts in a folder of its own",
  ],
  [
    "loose texts",
    { "1.txt": "x", "2.txt": "y" },
    "expected one folder a class in FOLDER; received only texts (2). Put each class's texts in a folder of its own",
  ],
])("refuses a folder with %s", async (_, files, message) => {
  const folder = await folderWith(files);
  await expect(textTable(folder)).rejects.toMatchObject({
    message: `[data/text-table] ${message.replaceAll("FOLDER", folder)}`,
  });
});

test("refuses what is not there or no file", async () => {
  const folder = testFolder();
  await expect(textTable(join(folder, "none.csv"))).rejects.toThrow(
    `[data/text-table] expected a table or a folder of texts; received "${folder}/none.csv": it does not exist. Check the path`,
  );
  await expect(textTable("/dev/null")).rejects.toThrow(
    '[data/text-table] expected a file of text; received "/dev/null", which is none',
  );
});

test("with strict, the first row that cannot be used throws", async () => {
  const folder = await folderWith({ "a.csv": "text,label\none,x\n\n,y\n", "README.md": "x" });
  await expect(textTable(folder, { strict: true })).rejects.toMatchObject({
    code: "input",
    message: `[data/text-table] expected every text to be usable; received "${folder}/a.csv:4": empty text. Mend or remove it, or leave strict off`,
  });
  await plant(folder, { "a.csv": "text,label\none,x\ntwo,y\n" });
  await expect(textTable(folder, { strict: true })).resolves.toMatchObject({ classes: ["x", "y"] });
});

test("stops at the signal", async () => {
  const folder = await folderWith({ "a.csv": `text,label\n${many(4)}` });
  await expect(textTable(folder, { control: { signal: AbortSignal.abort() } })).rejects.toMatchObject({
    code: "interrupted",
  });
});

test.skipIf(process.platform !== "linux")("leaves no file open, whatever it found", async () => {
  const files = { "train.csv": `text,label\n${many(9)}`, "test.csv": `text\n${"more\n".repeat(100_000)}` };
  const folder = await folderWith({ ...files, "sub/odd.csv": `no,such\n${"a,b\n".repeat(100_000)}` });
  await textTable(folder);
  await expect(textTable(join(folder, "sub/odd.csv"))).rejects.toThrow("expected a column of texts");
  const open = () =>
    readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
      } catch {
        return false; // closed while looking
      }
    });
  await expect.poll(open).toEqual([]);
});
