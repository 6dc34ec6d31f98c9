// Runs the tests of hostile inputs and writes which test shows what, docs/proofs/hostile-inputs.md. A test that is gone, fails, or no
// longer says the message is an error. Wants nothing built.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { table } from "../bench/timing.mjs";
import { root } from "../bootstrap.mjs";

const hub = "packages/backbones/src/hub.test.ts";
const refusals = "packages/backbones/src/hub-refusals.test.ts";
const file = "packages/backbones/src/source-file.test.ts";
const tokenizer = "packages/backbones/src/text-tokenizer.test.ts";
const kerasFile = "packages/backbones/src/source-keras.test.ts";
const keras = "packages/backbones/src/keras/errors.test.ts";
const csv = "packages/data/src/table-file.test.ts";
const rows = "packages/data/src/text-table.test.ts";
const errors = "packages/data/src/text-table-errors.test.ts";
const tokens = "packages/data/src/tokenize.test.ts";

/** By section: the input, the file of the test, the test's full name, and words of the message that it looks for. */
const SECTIONS = {
  "Sources of weights": [
    ["a connection that is cut", hub, "a download goes on where the connection was cut", "none: it goes on"],
    [
      "one that is cut again and again",
      hub,
      "a download that is cut again and again is given up, and says where it stopped",
      "Run again \\(it goes on after 1000 bytes\\), check the network and HTTPS_PROXY, or name a mirror by GRAFT_HUB",
    ],
    ["one that falls silent", hub, "a download counts a silent connection as cut", "no data for 0.04 s"],
    [
      "a wrong hash, by the card",
      hub,
      "hashes refuse a file that is not the card's, and keep nothing",
      "It was not kept. Check the mirror that GRAFT_HUB names",
    ],
    [
      "a wrong hash, by the first download's pin",
      hub,
      "hashes that are unverified are pinned by the first download",
      "pinned at the first download; received ",
    ],
    [
      "a wrong hash, by the hub itself",
      hub,
      "hashes that the hub announces are held, too",
      "that the hub announced; received ",
    ],
    [
      "a file damaged in the cache",
      hub,
      "hashes find a file that was damaged in the cache, and remove it",
      "in the cache; received",
    ],
    [
      "a redirect",
      refusals,
      "redirects are followed; the token goes to the hub alone, and the announced hash is kept",
      "none: it is followed",
    ],
    [
      "redirects in a circle",
      refusals,
      "redirects in a circle, or to another protocol, are refused",
      "in a circle. Check the mirror that GRAFT_HUB names",
    ],
    [
      "a redirect to another protocol",
      refusals,
      "redirects in a circle, or to another protocol, are refused",
      "which is not followed",
    ],
    [
      "401",
      refusals,
      "refusals 401 with {} ends at once",
      "It is private, or does not exist: check the name, or set HF_TOKEN to a token that may read it",
    ],
    [
      "401 with a token",
      refusals,
      'refusals 401 with {"token":"t"} ends at once',
      "The token in HF_TOKEN is not accepted: make a new one",
    ],
    [
      "403",
      refusals,
      "refusals 403 with {} ends at once",
      "Accept its terms on its page, then set HF_TOKEN to a token of that account",
    ],
    ["404", refusals, "refusals 404 with {} ends at once", "(404). Check the card\\'s repository, file and revision"],
    [
      "429 for longer than one waits",
      refusals,
      "refusals 429 waits as long as the hub asks, within a bound",
      "the hub asks to wait 3600 s before owner/net (429). Run again later, or set HF_TOKEN, which allows more",
    ],
    [
      "429 without end",
      refusals,
      "refusals 429 without end is said, with what is here kept",
      "the hub answers 429. Run again",
    ],
    ["a hub out of reach", refusals, "refusals a hub out of reach is said with its reason", "connect ECONNREFUSED"],
    [
      "a full disk",
      refusals,
      "refusals a full disk keeps what is there for the next run",
      "Free space and run again (it goes on where it stopped), or move the cache by GRAFT_CACHE",
    ],
    ["a cache that cannot be written", refusals, "refusals a cache that is a file cannot be written", "cannot write "],
    [
      "no network allowed",
      refusals,
      "refusals offline, only the cache is asked",
      "and GRAFT_OFFLINE forbids to download it",
    ],
    [
      "names that lead out of the cache",
      refusals,
      'refusals {"file":"../../x"} is refused before anything is asked',
      'expected a file of letters, digits, "/", ".", "-", "_"; received "../../x"',
    ],
    [
      "a file that is no model",
      file,
      "refusals a file that is not there, is none, or is another",
      "there is no such file. Check the path",
    ],
    [
      "a tokenizer that is none",
      tokenizer,
      "the tokenizer of a file of texts is refused where it is no JSON",
      "is no valid JSON. Get the file again",
    ],
    [
      "a tokenizer with another hash",
      tokenizer,
      "the tokenizer of a file of texts is refused with another hash, or where there is none",
      "Get the file again",
    ],
    [
      "a Keras file that is none",
      kerasFile,
      "refusals of what is no model, or not there",
      "is neither a .keras archive, an .h5 file nor a model.json",
    ],
    [
      "a Keras archive that ends early",
      keras,
      "what cannot be translated is named in one line a truncated archive",
      "is no complete zip archive",
    ],
    [
      "a shard outside the model's folder",
      keras,
      "what cannot be translated is named in one line a shard outside the model's folder",
      'the shard "../secret" lies outside the model',
    ],
    [
      "a layer of code",
      keras,
      "what cannot be translated is named in one line a Lambda layer",
      "holds Python code, which is not run; replace it by layers",
    ],
  ],
  Texts: [
    ["UTF-8 with a byte-order mark", csv, "reads UTF-8 with a mark", "none: it is read"],
    ["UTF-16 with a mark, both ways round", csv, "reads UTF-16 BE with a mark", "none: it is read"],
    ["UTF-16 without a mark", errors, "refuses UTF-16 without a mark", "Set encoding to utf-16le"],
    ["UTF-32", errors, "refuses UTF-32", "received UTF-32. Save it as UTF-8"],
    ["windows-1252", csv, "reads windows-1252", "it is read as windows-1252"],
    ["bytes that are no UTF-8, late in a file", csv, "finds bytes that are no UTF-8 wherever they are", "is not UTF-8"],
    [
      "another encoding, by name",
      csv,
      "reads another encoding by name, also where characters lie across chunks",
      "none: it is read",
    ],
    [
      "an encoding that does not fit",
      errors,
      "refuses an encoding that does not fit",
      "received bytes that are not. Set encoding to what it is",
    ],
    [
      "an encoding that nobody knows",
      errors,
      "refuses an unknown encoding",
      "such as utf-8, utf-16le, windows-1252 or shift_jis",
    ],
    ["bytes that are no text", errors, "refuses bytes", "received binary data. Check the path"],
    ["a spreadsheet", errors, "refuses a spreadsheet", "Save or unpack it as CSV, TSV or JSON lines"],
    ["an empty file", errors, "refuses an empty file", "received an empty file"],
    ["empty rows", rows, "skips rows that cannot be used and says why", "empty text"],
    [
      "empty rows, with strict",
      errors,
      "with strict, the first row that cannot be used throws",
      "Mend or remove it, or leave strict off",
    ],
    ["NUL characters", rows, "skips rows that cannot be used and says why", "NUL character in the text"],
    ["rows of a megabyte", csv, "reads rows of a megabyte, with characters across chunks", "none: they are read"],
    [
      "a quote that takes in many lines",
      csv,
      "says that a row is suspiciously long",
      "a quote there may not be closed",
    ],
    ["a row beyond 16 MiB", errors, "refuses a quote that takes in too much", "received more than 16 MiB"],
    ["a quote that never closes", errors, "refuses a quote that never closes", "received a quote that never closes"],
    ["damaged JSON lines", errors, "refuses damaged JSON", 'Write one {"text": …, "label": …} a line'],
    ["texts beyond the longest sequence", tokens, "counts what it cut and says so", "what is beyond is not read"],
  ],
};

const folder = mkdtempSync(join(tmpdir(), "graft-hostile-"));
const found = join(folder, "results.json");
const files = [...new Set(Object.values(SECTIONS).flatMap((list) => list.map(([, path]) => path)))];
const { stderr } = spawnSync("pnpm", ["exec", "vitest", "run", ...files, "--reporter=json", `--outputFile=${found}`], {
  cwd: root,
  encoding: "utf8",
});
let results;
try {
  results = JSON.parse(readFileSync(found, "utf8")).testResults;
} catch {
  console.error(stderr);
  process.exit(1);
}
rmSync(folder, { recursive: true });

const status = new Map(
  results.flatMap(({ name, assertionResults }) =>
    assertionResults.map((test) => [`${relative(root, name)} ${test.fullName.trim()}`, test.status]),
  ),
);
const wrong = [];
const sections = Object.entries(SECTIONS).map(([title, list]) => {
  const body = list.map(([input, path, test, message]) => {
    const what = `${path} ${test}`;
    if (status.get(what) !== "passed") wrong.push(`${status.get(what) ?? "no such test"}: ${what}`);
    const silent = message.startsWith("none: ");
    if (!silent && !readFileSync(join(root, path), "utf8").includes(message))
      wrong.push(`no such message in ${path}: ${message}`);
    const shown = message.replaceAll("\\", "").replaceAll("|", "\\|");
    return [input, silent ? shown.slice("none: ".length) : `“… ${shown} …”`, `\`${path}\`: ${test}`];
  });
  return `## ${title}\n\n${table(["input", "what Graft says or does", "shown by"], body)}\n`;
});
if (wrong.length > 0) {
  console.error(wrong.join("\n"));
  process.exit(1);
}
const count = Object.values(SECTIONS).flat().length;
writeFileSync(
  join(root, "docs/proofs/hostile-inputs.md"),
  `# Hostile inputs, and the test of each

Made by \`node scripts/proofs/hostile-inputs.mjs\`, which runs the tests: ${count} inputs. A test compares the whole message or the part
of it that tells what to do; nothing is half-written after any of them. Damaged ONNX files have a page of their own: [fuzz](fuzz.md).

${sections.join("\n")}`,
);
console.log(`docs/proofs/hostile-inputs.md: ${count} inputs`);
