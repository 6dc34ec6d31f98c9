import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { testFolder } from "./folder.fixture.ts";
import { type TextDataset, textTable } from "./text-table.ts";

const data = fileURLToPath(new URL("../../../../shared/data/", import.meta.url));
const lines = async (path: string) =>
  (await readFile(join(data, path), "utf8")).split("\n").filter((line) => line !== "");

/** Another way to the same: every text once, those of two classes not at all. */
function distinct(rows: readonly (readonly [string, string])[]): [string, string][] {
  const classes = new Map<string, Set<string>>();
  for (const [text, label] of rows) classes.set(text.trim(), (classes.get(text.trim()) ?? new Set()).add(label));
  return [...classes].filter(([, names]) => names.size === 1).map(([text, names]) => [text, [...names][0]!]);
}

const pairsOf = ({ samples, classes }: TextDataset) => samples.map(({ text, label }) => [text, classes[label]!]);

/** Rows of the file, whatever became of them. */
const rowsOf = ({ samples, duplicates, skipped }: TextDataset) => samples.length + duplicates.length + skipped.length;

describe.skipIf(!existsSync(data))("real data (skipped where ../shared/data is not there)", () => {
  test("SST-2: train, dev as the test set, and a test table without labels", async () => {
    const dataset = await textTable(join(data, "text-sst2"));
    const parts = await Promise.all(
      ["train.tsv", "dev.tsv"].map(async (file) =>
        (await lines(`text-sst2/${file}`)).slice(1).map((line) => line.split("\t") as [string, string]),
      ),
    );
    expect(parts.map((part) => part.length)).toEqual([67_349, 872]);
    const expected = distinct(parts.flat());
    const sorted = (pairs: string[][]) => pairs.map((pair) => pair.join("\t")).sort();
    expect(sorted(pairsOf(dataset))).toEqual(sorted(expected));
    expect(dataset.classes).toEqual(["0", "1"]);
    const tested = dataset.samples.filter(({ split }) => split === "test");
    expect(tested.length).toBeGreaterThan(865);
    expect(tested.every(({ relative }) => relative.startsWith("dev.tsv:"))).toBe(true);
    expect(dataset.skipped.filter(({ reason }) => reason !== "same text in two classes")).toEqual([
      { path: join(data, "text-sst2/SOURCE.txt"), reason: "not text data" },
      { path: join(data, "text-sst2/sentiment-test.labelled.txt"), reason: "not text data" },
      { path: join(data, "text-sst2/test.tsv"), reason: 'no column "label"' },
    ]);
  });

  test.each(["books", "dvd", "electronics", "kitchen_housewares"])("Amazon's %s: TSV with quotes", async (domain) => {
    const dataset = await textTable(join(data, `text-amazon-multidomain/${domain}.tsv`), { test: 0 });
    const raw = (await lines(`text-amazon-multidomain/${domain}.tsv`)).slice(1).map((line): [string, string] => {
      const cells = line.split("\t");
      return [cells[5]!.replace(/^"(.*)"$/, "$1").replaceAll('""', '"'), cells[1]!];
    });
    expect(dataset.columns).toEqual({ text: ["text"], label: "label" });
    expect(dataset.classes).toEqual(["negative", "positive"]);
    expect(rowsOf(dataset)).toBe(2_000);
    expect(pairsOf(dataset)).toEqual(distinct(raw));
  });

  test("UCI's sentences: no header, quotes that are only text, other line ends inside", async () => {
    for (const file of ["imdb", "amazon_cells", "yelp"]) {
      const path = `text-uci-sentiment/${file}_labelled.txt`;
      const dataset = await textTable(join(data, path), { header: false, text: "1", label: "2", test: 0 });
      const raw = (await lines(path)).map((line) => line.split("\t") as [string, string]);
      expect(rowsOf(dataset)).toBe(1_000);
      expect(pairsOf(dataset)).toEqual(distinct(raw));
    }
  });

  test("toxic comments: CSV with quoted cells, a column named by hand", async () => {
    const file = join(data, "text-toxicity-madlibs/toxicity_nonfuzzed_testset.csv");
    const dataset = await textTable(file, { label: "toxic", strict: true, test: 0 });
    expect(rowsOf(dataset)).toBe(1_492);
    expect(dataset.classes).toEqual(["False", "True"]);
    expect(dataset.samples.filter(({ label }) => label === 1)).toHaveLength(248);
  });

  test("RT-polarity comes through CSV, JSON lines and UTF-16 as it was", async () => {
    const rows = (
      await Promise.all(
        ["neg", "pos"].map(async (name) =>
          (await lines(`text-rt-polarity/rt-polarity.${name}`)).map((line): [string, string] => [line, name]),
        ),
      )
    ).flat();
    expect(rows).toHaveLength(10_662);
    const csv = ["text,label", ...rows.map(([text, name]) => `"${text.replaceAll('"', '""')}",${name}`)].join("\r\n");
    const folder = testFolder();
    await writeFile(join(folder, "a.csv"), csv);
    await writeFile(join(folder, "b.csv"), Buffer.from(`\ufeff${csv}`, "utf16le"));
    await writeFile(join(folder, "c.jsonl"), rows.map(([text, label]) => JSON.stringify({ text, label })).join("\n"));
    const [first, ...others] = await Promise.all(
      ["a.csv", "b.csv", "c.jsonl"].map((file) => textTable(join(folder, file), { seed: 1 })),
    );
    expect(rowsOf(first!)).toBe(10_662);
    expect(pairsOf(first!)).toEqual(distinct(rows));
    expect(first!.samples.filter(({ split }) => split === "test").length).toBe(Math.round(first!.samples.length / 5));
    const plain = ({ samples }: TextDataset) =>
      samples.map(({ sha256, label, split }) => `${sha256} ${label} ${split}`);
    for (const other of others) expect(plain(other)).toEqual(plain(first!));
  });
});
