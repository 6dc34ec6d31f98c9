import { expect, test } from "vitest";
import { many, read, rows, windows1252 } from "./text-table.fixture.ts";
import type { TextTableOptions } from "./text-table.ts";

test.each<[string, string, TextTableOptions?]>([
  ["a.tsv", "text\tlabel\none, two\tx\nthree\ty\n"],
  ["a.csv", "text;label\none, two;x\nthree;y\n"],
  ["a.txt", "text|label\none, two|x\nthree|y\n"],
  ["a.csv", "text\tlabel\none, two\tx\nthree\ty\n"],
  ["a.csv", "text^label\none, two^x\nthree^y\n", { delimiter: "^" }],
  ["a.csv", 'text,label\r\n"one, two",x\r\n\r\nthree,y\r\n'],
  ["a.csv", 'text,label\r"one, two",x\rthree,y'],
  ["a.csv", 'label,text\r\nx,"one, two"\ny,three\r\n'],
  ["a.csv", 'text,label,,\n"one, two",x,,\nthree,y,,\n'],
  ["a.tsv", 'text\tlabel\n"one, two"\tx\n"three"\ty\n'],
  ["a.jsonl", '{"text":"one, two","label":"x"}\n\n{"label":"y","text":"three","more":[1]}\n'],
  ["a.json", '{"text":"one, two","label":"x"}\r\n{"text":"three","label":"y"}'],
  ["unnamed", '{"text":"one, two","label":"x"}\n{"text":"three","label":"y"}'],
])("reads %s with %j", async (name, content, options) => {
  expect(rows(await read(name, content, { test: 0, strict: true, ...options }))).toEqual([
    ["one, two", "x"],
    ["three", "y"],
  ]);
});

test("takes numbers and truth values of JSON for labels", async () => {
  const found = await read("a.jsonl", '{"text":"one","label":1}\n{"text":"two","label":false}\n', { test: 0 });
  expect(rows(found)).toEqual([
    ["one", "1"],
    ["two", "false"],
  ]);
});

test("JSON lines end at line feeds only", async () => {
  const found = await read("a.jsonl", '{"text":"one\u2028still\u0085one","label":"x"}\n{"text":"two","label":"y"}\n');
  expect(rows(found)[0]).toEqual(["one\u2028still\u0085one", "x"]);
});

const umlauts = "text,label\ngrün,x\n“teuer” – 5 €,y\n";

const marks = Buffer.from("\ufeff");

test.each<[string, Uint8Array, TextTableOptions | undefined, string[]]>([
  ["UTF-8", Buffer.from(umlauts), undefined, []],
  ["UTF-8 with a mark", Buffer.concat([marks, Buffer.from(umlauts)]), undefined, []],
  ["UTF-16 LE with a mark", Buffer.from(`\ufeff${umlauts}`, "utf16le"), undefined, []],
  ["UTF-16 BE with a mark", Buffer.from(`\ufeff${umlauts}`, "utf16le").swap16(), undefined, []],
  ["UTF-16 LE without a mark", Buffer.from(umlauts, "utf16le"), { encoding: "utf-16le" }, []],
  ["a mark, whatever the option says", Buffer.from(`\ufeff${umlauts}`, "utf16le"), { encoding: "latin1" }, []],
  [
    "windows-1252",
    windows1252(umlauts),
    undefined,
    ["FOLDER/a.csv is not UTF-8 (line 2): it is read as windows-1252; set encoding if it is something else"],
  ],
  ["windows-1252 as told", windows1252(umlauts), { encoding: "latin1" }, []],
])("reads %s", async (_, content, options, said) => {
  const found = await read("a.csv", content, { test: 0, text: "text", label: "label", ...options });
  expect(rows(found)).toEqual([
    ["grün", "x"],
    ["“teuer” – 5 €", "y"],
  ]);
  expect(found.notices).toEqual(said);
});

test("reads another encoding by name, also where characters lie across chunks", async () => {
  const shiftJis = Buffer.concat([
    Buffer.from("text,label\n"),
    ...Array.from({ length: 30_000 }, () => Buffer.from([0x93, 0xfa, 0x96, 0x7b])),
    Buffer.from(",x\nother,y\n"),
  ]);
  const found = await read("a.csv", shiftJis, { encoding: "shift_jis", test: 0 });
  expect(found.samples[0]!.text).toBe("日本".repeat(30_000));
});

test("finds bytes that are no UTF-8 wherever they are", async () => {
  const long = Buffer.from(`text,label\n${many(100_000)}`);
  const found = await read("a.csv", Buffer.concat([long, Buffer.from([0xfc]), Buffer.from("ber,b\n")]), { test: 0 });
  expect(found.notices[0]).toMatch(/is not UTF-8 \(line 100002\)/);
  expect(found.samples.at(-1)!.text).toBe("über");
});

test("reads rows of a megabyte, with characters across chunks", async () => {
  const long = "äö€😀 ".repeat(100_000);
  const found = await read("a.csv", `text,label\n"${long}",x\nshort,y\n"${long}\n!",y\n`, { test: 0 });
  expect(Buffer.byteLength(long)).toBeGreaterThan(1_000_000);
  expect(found.samples.map(({ text }) => text.length)).toEqual([long.length - 1, 5, long.length + 2]);
  expect(found.samples.map(({ relative }) => relative)).toEqual(["a.csv:2", "a.csv:3", "a.csv:4"]);
  const json = await read("a.jsonl", `${JSON.stringify({ text: long, label: "x" })}\n{"text":"short","label":"y"}\n`);
  expect(json.samples[0]!.text).toHaveLength(long.length - 1);
});

test("quotes in tab-separated text are text, unless they come in pairs", async () => {
  const bare = 'text\tlabel\n"quoted start\tx\nplain\ty\n5" disk\tx\n';
  expect(rows(await read("a.tsv", bare, { test: 0 }))).toEqual([
    ['"quoted start', "x"],
    ["plain", "y"],
    ['5" disk', "x"],
  ]);
  const paired = 'text\tlabel\n"a ""b"""\tx\n"two\nlines"\ty\n';
  expect(rows(await read("a.tsv", paired, { test: 0 }))).toEqual([
    ['a "b"', "x"],
    ["two\nlines", "y"],
  ]);
  expect(rows(await read("a.csv", 'text,label\n"a,x\nb,y\n', { quotes: false, test: 0 }))[0]).toEqual(['"a', "x"]);
});

test("says that a row is suspiciously long", async () => {
  const csv = `text,label\n"never closed,x\n${many(150)}"meant to be open",y\nlast,x\n`;
  const found = await read("a.csv", csv, { text: "text", label: "label" });
  expect(found.notices).toEqual(["the row in line 2 of a.csv takes in 152 lines: a quote there may not be closed"]);
});
