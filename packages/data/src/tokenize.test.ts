import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunEvent } from "@graft-ml/core";
import { beforeAll, describe, expect, test } from "vitest";
import { testFolder } from "./folder.fixture.ts";
import { loadTokenizer, type TextTokenizer, TOKENIZER_VERSION } from "./tokenize.ts";

interface Golden {
  readonly tokenizer: { readonly sha256: string };
  readonly files: readonly { readonly name: string; readonly lines: number }[];
  readonly block: number;
  readonly maxTokens: number;
  readonly first: readonly string[];
  readonly sha256: readonly string[];
  readonly odd: readonly { readonly text: string; readonly ids: string }[];
  readonly pairs: {
    readonly maxTokens: number;
    readonly first: readonly { readonly ids: string; readonly types: string }[];
    readonly sha256: readonly string[];
  };
}

const file = new URL("../../weights-minilm-l6/tokenizer.json", import.meta.url);
const data = new URL("../../../../shared/data/", import.meta.url);
const golden = JSON.parse(await readFile(new URL("../golden/tokens.json", import.meta.url), "utf8")) as Golden;

interface SmallGolden {
  readonly maxTokens: number;
  readonly texts: readonly string[];
  readonly cases: readonly {
    readonly name: string;
    readonly tokenizer: string;
    readonly ids: readonly string[];
    readonly pairs: readonly string[];
    readonly types: readonly string[];
  }[];
}
const small = JSON.parse(
  await readFile(new URL("../golden/tokens-small.json", import.meta.url), "utf8"),
) as SmallGolden;

const joined = (ids: Iterable<number>) => [...ids].join(" ");
const blocks = (all: readonly Int32Array[]) =>
  Array.from({ length: Math.ceil(all.length / golden.block) }, (_, i) => {
    const block = all.slice(i * golden.block, (i + 1) * golden.block);
    return createHash("sha256")
      .update(block.map((ids) => `${joined(ids)}\n`).join(""))
      .digest("hex");
  });

async function realLines(): Promise<string[]> {
  const lines: string[] = [];
  for (const { name, lines: count } of golden.files) {
    const text = await readFile(new URL(name, data), "utf8");
    lines.push(
      ...text
        .split("\n")
        .slice(0, count)
        .map((line) => line.replace(/^[ \t\r]+|[ \t\r]+$/g, "")),
    );
  }
  return lines;
}

let tokenizer: TextTokenizer;
beforeAll(async () => {
  tokenizer = await loadTokenizer(file);
});

test("describes the file", () => {
  expect(tokenizer).toMatchObject({ sha256: golden.tokenizer.sha256, model: "wordpiece", size: 30_522, padId: 0 });
  expect([tokenizer.idOf("[CLS]"), tokenizer.idOf("[SEP]"), tokenizer.idOf("no such token")]).toEqual([
    101,
    102,
    undefined,
  ]);
});

test("the version that features are kept under is the library's", async () => {
  const library = new URL("../node_modules/@huggingface/tokenizers/package.json", import.meta.url);
  const { version } = JSON.parse(await readFile(library, "utf8"));
  expect(TOKENIZER_VERSION).toBe(`graft-1 tokenizers.js-${version}`);
});

test.each(golden.odd)("gives Python's ids of $text", async ({ text, ids }) => {
  const { ids: found } = await tokenizer.tokenize([text], { maxTokens: golden.maxTokens });
  expect(joined(found[0]!)).toBe(ids);
});

// A checkout alone has no data; where it lies beside, nothing may be passed over.
describe.skipIf(!existsSync(data))("on 5,000 real lines (skipped where ../shared/data is not there)", () => {
  test("gives Python's ids", async () => {
    const { ids } = await tokenizer.tokenize(await realLines(), { maxTokens: golden.maxTokens });
    expect(ids).toHaveLength(5_000);
    expect(ids.slice(0, golden.block).map(joined)).toEqual(golden.first);
    expect(blocks(ids)).toEqual(golden.sha256);
  });

  test("gives Python's ids and types of pairs, the longer text cut first", async () => {
    const lines = (await realLines()).slice(0, 1_001);
    const { maxTokens } = golden.pairs;
    const { ids, types, truncated } = await tokenizer.tokenize(lines.slice(0, -1), {
      maxTokens,
      pairs: lines.slice(1),
    });
    const first = golden.pairs.first.map((_, i) => ({ ids: joined(ids[i]!), types: joined(types![i]!) }));
    expect(first).toEqual(golden.pairs.first);
    expect(blocks(ids)).toEqual(golden.pairs.sha256);
    expect(truncated.length).toBeGreaterThan(500);
  });
});

test("counts what it cut and says so", async () => {
  const events: RunEvent[] = [];
  const control = { onEvent: (event: RunEvent) => events.push(event) };
  const { ids, truncated } = await tokenizer.tokenize(["one two three four", "one", "1 2 3 4 5"], {
    maxTokens: 5,
    control,
  });
  expect(ids.map((one) => one.length)).toEqual([5, 3, 5]);
  expect(ids.map((one) => one.at(-1))).toEqual([102, 102, 102]);
  expect(truncated).toEqual([0, 2]);
  expect(events.filter(({ type }) => type === "notice")).toEqual([
    { type: "notice", message: "2 of 3 texts have more than 5 tokens; what is beyond is not read" },
  ]);
  expect(events.at(-2)).toEqual({ type: "progress", stage: "tokenize", done: 3, total: 3 });
});

test("takes an empty text of a pair for one", async () => {
  const { ids, types } = await tokenizer.tokenize(["one", ""], { maxTokens: 8, pairs: ["", "one"] });
  expect(ids.map(joined)).toEqual(["101 2028 102 102", "101 102 2028 102"]);
  expect(types!.map(joined)).toEqual(["0 0 0 1", "0 0 1 1"]);
});

test("refuses what it cannot cut", async () => {
  await expect(tokenizer.tokenize(["a", "b"], { maxTokens: 8, pairs: ["c"] })).rejects.toThrow(
    "[data/tokenize] expected as many second texts as first ones; received 2 and 1",
  );
  await expect(tokenizer.tokenize(["a"], { maxTokens: 2 })).rejects.toThrow(
    "[data/tokenize] expected maxTokens to be an integer above the 2 special tokens; received 2",
  );
  await expect(tokenizer.tokenize(["a"], { maxTokens: 3, pairs: ["b"] })).rejects.toThrow("above the 3 special tokens");
  const aborted = { signal: AbortSignal.abort() };
  await expect(tokenizer.tokenize(["a"], { maxTokens: 8, control: aborted })).rejects.toMatchObject({
    code: "interrupted",
  });
});

test("refuses files that are no tokenizer, in one line", async () => {
  const folder = testFolder();
  const path = join(folder, "tokenizer.json");
  await expect(loadTokenizer(path)).rejects.toThrow(
    `[data/tokenize] expected a tokenizer.json that can be read; received "${path}": it does not exist. Check the path`,
  );
  for (const [content, why] of [
    ["{", /Expected property name/],
    ["[]", /Tokenizer must be a valid object/],
    ['{"model": {}}', /must contain a "decoder" property/],
    [JSON.stringify({ ...JSON.parse(await readFile(file, "utf8")), model: { type: "Sorcery" } }), /Sorcery/],
  ] as const) {
    await writeFile(path, content);
    const error = await loadTokenizer(path).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: "input", message: expect.stringMatching(why) });
    expect((error as Error).message).toMatch(
      /^\[data\/tokenize\] expected a tokenizer\.json in ".*"; received one that cannot be used: .*$/,
    );
  }
});

test("works with byte-level BPE, which puts no special tokens around", async () => {
  const folder = testFolder();
  const path = join(folder, "tokenizer.json");
  const vocab = Object.fromEntries(["a", "b", "Ġ", "ab", "Ġab", "<|endoftext|>"].map((token, id) => [token, id]));
  await writeFile(
    path,
    JSON.stringify({
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
      post_processor: { type: "ByteLevel", add_prefix_space: true, trim_offsets: false },
      decoder: { type: "ByteLevel" },
      model: { type: "BPE", vocab, merges: ["a b", "Ġ ab"] },
    }),
  );
  const bpe = await loadTokenizer(path);
  expect(bpe).toMatchObject({ model: "bpe", size: 6 });
  expect(bpe.padId).toBeUndefined();
  expect((await bpe.tokenize(["ab ab a"], { maxTokens: 3 })).ids.map(joined)).toEqual(["3 4 2"]);
  expect((await bpe.tokenize(["ab"], { maxTokens: 3, pairs: [" ab"] })).ids.map(joined)).toEqual(["3 4"]);
});

describe.each(small.cases)("a tokenizer like $name's gives Python's ids", ({ name, tokenizer: json, ...expected }) => {
  let like: TextTokenizer;
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), "graft-data-"));
    await writeFile(join(folder, name), json);
    like = await loadTokenizer(join(folder, name));
    await rm(folder, { recursive: true });
  });

  test.each(small.texts.map((text, i) => ({ text, i })))("of $text", async ({ text, i }) => {
    const alone = await like.tokenize([text], { maxTokens: small.maxTokens });
    expect(joined(alone.ids[0]!)).toBe(expected.ids[i]);
    if (i === 0) return;
    const pair = await like.tokenize([text], { maxTokens: small.maxTokens, pairs: [small.texts[i - 1]!] });
    expect(joined(pair.ids[0]!)).toBe(expected.pairs[i - 1]);
    expect(joined(pair.types![0]!)).toBe(expected.types[i - 1]);
  });
});

test("says that a token is unknown where there is none for that", async () => {
  const path = join(testFolder(), "tokenizer.json");
  const model = { type: "WordPiece", unk_token: "[UNK]", vocab: { a: 0 }, max_input_chars_per_word: 100 };
  const none = { normalizer: null, post_processor: null, decoder: null };
  const content = { ...none, added_tokens: [], pre_tokenizer: { type: "Whitespace" }, model };
  await writeFile(path, JSON.stringify(content));
  const plain = await loadTokenizer(path);
  expect((await plain.tokenize(["a a"], { maxTokens: 1 })).ids.map(joined)).toEqual(["0"]);
  await expect(plain.tokenize(["b"], { maxTokens: 3 })).rejects.toThrow(
    '[data/tokenize] expected a known token; received "[UNK]", and there is no unknown one',
  );
});
