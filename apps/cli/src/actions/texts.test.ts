import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { graft, type Ran, scratch } from "../io.fixture.ts";

const HOSTILE = '<img src=x onerror="alert(1)">';
const FOOD = ["the soup needs salt", "fresh bread with butter", "a ripe pear", "cheese and olives", "roast potatoes"];
const TRAVEL = [
  "the train to Lisbon",
  "a late flight",
  "two nights at sea",
  "the bus stops here",
  "our map of the city",
];

/** Rows of a table, no two alike. */
function rows(): string[] {
  return Array.from({ length: 15 }, (_, i) => [
    `"${FOOD[i % 5]}, plate ${i}",food`,
    `"${TRAVEL[i % 5]}, day ${i}",travel`,
  ]).flat();
}

let cwd: string;
let fitted: Ran;
beforeAll(async () => {
  cwd = await scratch();
  // Under the wrong class: a mistake that the report shows.
  const table = ["text,label", ...rows(), `"${HOSTILE} bread",travel`, ",food"];
  await writeFile(join(cwd, "notes.csv"), `${table.join("\n")}\n`);
  fitted = await graft(["fit", "notes.csv", "--out", "bundle", "--seed", "3", "--json", "--quiet"], { cwd });
}, 60_000);

it("refuses co-tuning: the backbone of texts has no classifier to train on", async () => {
  const { code, stderr } = await graft(["fit", "notes.csv", "--out", "never", "--regularizer", "co-tuning"], { cwd });
  expect(code).toBe(2);
  expect(stderr.split("\n").at(-2)).toBe(
    '[graft/regularizers] "minilm-l6" has no classifier of its own that is one affine layer on its features, and co-tuning trains that on. Take a backbone that has one, such as efficientnet-lite0, or another regularizer',
  );
});

it("fits a table by the backbone of texts", async () => {
  expect([fitted.code, fitted.stderr]).toEqual([0, ""]);
  expect(JSON.parse(fitted.stdout)).toMatchObject({
    backbone: "minilm-l6",
    data: {
      kind: "texts",
      columns: { text: ["text"], label: "label" },
      truncated: 0,
      skipped: [{ path: join(cwd, "notes.csv:33"), reason: "empty text" }],
    },
  });
  expect((await readdir(join(cwd, "bundle"))).sort()).toEqual([
    "graft.json",
    "model.onnx",
    "report.html",
    "tokenizer.json",
  ]);
});

it("writes a report of texts that believes none of them", async () => {
  const page = await readFile(join(cwd, "bundle", "report.html"), "utf8");
  expect(page).toContain("test texts are named right");
  expect(page).toContain("text, classes in label");
  expect(page).not.toMatch(/<script|<img/);
  expect(page).toContain("graft fit");
});

it("tells tables in words of texts", async () => {
  const { code, stdout } = await graft(["fit", "notes.csv", "--quiet", "--head", "linear"], { cwd });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^trained .* on \d+ texts$/m);
  expect(stdout).toMatch(/^bundle +graft-runs\/notes-minilm-l6-frozen-linear$/m);
  expect(stdout).toMatch(/^skipped +1 text, listed in the report$/m);
});

it("answers a typed text, a table's rows and a file's lines, under their own names", async () => {
  await writeFile(join(cwd, "new.tsv"), "id\ttext\n1\tbread and olives\n2\tthe flight to Lisbon\n3\t\n");
  await writeFile(join(cwd, "lines.txt"), "a late bus\n\nsalt and pear soup\n");
  const argv = ["predict", "bundle", "a ripe cheese", "new.tsv", "lines.txt", "--json", "--quiet"];
  const { code, stdout, stderr } = await graft(argv, { cwd });
  const answers = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { input: string; label: string; place?: string; scores: object });
  expect(answers.map(({ input, label, place }) => [input, label, place])).toEqual([
    ["a ripe cheese", "food", undefined],
    ["bread and olives", "food", "new.tsv:2"],
    ["the flight to Lisbon", "travel", "new.tsv:3"],
    ["a late bus", "travel", "lines.txt:1"],
    ["salt and pear soup", "food", "lines.txt:3"],
  ]);
  expect(code).toBe(0);
  expect(stderr).toBe(`${join(cwd, "new.tsv:4")}: empty text\n`);
  const long = "bread ".repeat(100);
  const plain = await graft(["predict", "bundle", long], { cwd });
  expect(plain.stdout).toMatch(/^(bread )+.*… {2}\w+ \d+\.\d % {2}\(\w+ \d+\.\d %\)\n$/);
});

it.each([
  [["predict", "bundle", "nwe.tsv"], /^\[data\/text-list\] .*"[^"]*nwe\.tsv": it does not exist\. Check the path\n$/],
  [["predict", "bundle", " "], /^\[cli\/predict\] expected a text or a file of texts; received an empty one\n$/],
  [
    ["fit", "notes.csv", "--text-column", "txet"],
    /^\[data\/text-table\] unknown column of .* "txet"; did you mean "text"\?/,
  ],
  [
    ["fit", "notes.csv", "--backbone", "efficientnet-lite0"],
    /^\[graft\/transfer\] "efficientnet-lite0" is a backbone of pictures; .* holds texts\. Choose one of texts, such as minilm-l6\n$/,
  ],
  [
    ["fit", "notes.csv", "--freezing", "full", "--set", "backbone.precision=int8", "--quiet"],
    /^\[graft\/transfer\] "minilm-l6" with int8 products cannot train, and "full" trains some of it\. /,
  ],
  [["fit", "none.csv"], /^\[data\/text-table\] .*none\.csv": it does not exist\. Check the path\n$/],
  [
    ["embed", "notes.csv", "--out", "v.parquet"],
    /^\[cli\/embed\] expected --out to end in \.npy or \.jsonl; received "v\.parquet"\n$/,
  ],
])("answers %j in one line and with exit code 2", async (argv, message) => {
  const { code, stdout, stderr } = await graft([...argv, ...(argv[0] === "embed" ? [] : ["--quiet"])], { cwd });
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(message);
});

it("evaluates on another table, whose columns are named", async () => {
  await writeFile(join(cwd, "other.jsonl"), '{"t":"pear soup","c":"food"}\n{"t":"the train","c":"travel"}\n');
  const argv = ["evaluate", "bundle", "other.jsonl", "--text-column", "t", "--label-column", "c", "--quiet"];
  expect(JSON.parse((await graft([...argv, "--json"], { cwd })).stdout)).toMatchObject({ samples: 2, accuracy: 1 });
  expect((await graft(argv, { cwd })).stdout).toMatch(/^accuracy +100\.0 % .*, 2 texts\)$/m);
});

it("reads a table without a header in another encoding, and remembers that it has none", async () => {
  const rows = [...Array(8).keys()].map((i) => `a loaf of bread ${i}\tfood\nthe late train ${i}\ttravel\n`).join("");
  await writeFile(join(cwd, "bare.tsv"), Buffer.from(rows, "utf16le"));
  const flags = ["--encoding", "utf-16le", "--quiet"];
  const asked = await graft(["fit", "bare.tsv", ...flags], { cwd });
  expect(asked.stderr).toMatch(
    /Name it with text \(--text-column\), or set header to false \(--no-header\) if these are values\n$/,
  );
  const bare = [...flags, "--no-header", "--text-column", "1"];
  const fitted = await graft(["fit", "bare.tsv", ...bare, "--label-column", "2", "--out", "bare"], { cwd });
  expect([fitted.code, fitted.stderr]).toEqual([0, ""]);
  expect(await readFile(join(cwd, "bare", "report.html"), "utf8")).toContain("--no-header --encoding utf-16le");
  const config = {
    data: "bare.tsv",
    header: false,
    textColumn: "1",
    labelColumn: "2",
    encoding: "utf-16le",
    out: "told",
  };
  await writeFile(join(cwd, "bare.json"), JSON.stringify(config));
  expect((await graft(["fit", "--config", "bare.json", "--quiet"], { cwd })).code).toBe(0);
  const tested = await graft(["evaluate", "bare", "bare.tsv", ...flags, "--json"], { cwd });
  expect(JSON.parse(tested.stdout)).toMatchObject({ samples: 16 });
  const answers = (await graft(["predict", "bare", "bare.tsv", ...bare, "--json"], { cwd })).stdout.trim().split("\n");
  expect(answers.map((line) => (JSON.parse(line) as { input: string }).input)).toContain("the late train 7");
});

it("takes columns and int8 products from an experiment file", async () => {
  const config = { data: "notes.csv", textColumn: "text", labelColumn: "label", out: "int8", quiet: true };
  await writeFile(join(cwd, "graft.config.json"), JSON.stringify(config));
  const argv = ["fit", "--config", "graft.config.json", "--set", "backbone.precision=int8", "--json"];
  const { code, stdout } = await graft(argv, { cwd });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ backbone: "minilm-l6" });
  const page = await readFile(join(cwd, "int8", "report.html"), "utf8");
  expect(page).toContain("--text-column text --label-column label");
});

it("embeds a table as an array with its rows, and lines as JSON", async () => {
  const told = JSON.parse((await graft(["embed", "notes.csv", "--json", "--quiet"], { cwd })).stdout) as object;
  expect(told).toMatchObject({
    out: join(cwd, "notes.npy"),
    rows: join(cwd, "notes.rows.jsonl"),
    backbone: "minilm-l6",
    samples: 31,
    dims: [31, 384],
    truncated: 0,
  });
  const array = await readFile(join(cwd, "notes.npy"));
  expect(array.subarray(0, 128).toString("latin1")).toContain(
    "'descr': '<f4', 'fortran_order': False, 'shape': (31, 384)",
  );
  expect(array.length).toBe(128 + 31 * 384 * 4);
  const lines = (await readFile(join(cwd, "notes.rows.jsonl"), "utf8")).trimEnd().split("\n");
  expect(JSON.parse(lines[1]!)).toEqual({ input: "notes.csv:3", text: "the train to Lisbon, day 0" });
  expect(await graft(["embed", "notes.csv", "--quiet"], { cwd })).toEqual({
    code: 2,
    stdout: "",
    stderr: "[cli/embed] notes.npy is there already. Choose another --out, or say --force to replace it\n",
  });
  const { stdout } = await graft(["embed", "notes.csv", "--out", "notes.jsonl", "--quiet"], { cwd });
  expect(stdout).toMatch(/^vectors +31 texts, 384 numbers each$/m);
  const [first] = (await readFile(join(cwd, "notes.jsonl"), "utf8")).split("\n");
  const { embedding } = JSON.parse(first!) as { embedding: number[] };
  expect(embedding[5]).toBe(array.readFloatLE(128 + 5 * 4));
});
