// Damages files a hundred thousand times and asks ONNX's own checker about what was accepted. Writes docs/proofs/fuzz.md.
// Wants GRAFT_PYTHON with tools/golden/requirements-oracle.txt. `node scripts/proofs/fuzz.mjs [COUNT] [SEED]`
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { root } from "../bootstrap.mjs";

const count = Number(process.argv[2] ?? 100_000);
const seed = process.argv[3] ?? "0";
const python = process.env.GRAFT_PYTHON ?? "python3";
/** Every how many accepted files the checker is asked. */
const SAMPLE = 1;
const scratch = mkdtempSync(join(tmpdir(), "graft-fuzz-"));

/** Why the checker may refuse what Graft accepts: each kind is Graft's own reading, written down here, or a gap. */
const KINDS = [
  [/a dimension of 0 or less is declared/, "a dimension of 0 or less: exporters write unknown ones so"],
  [/Field 'shape' of 'type' is required/, "an output without a shape: it is inferred"],
  [/Field 'name' of 'graph' is required/, "a graph without a name: it gets one"],
  [/in initializer but not in graph input/, "a file of version 3 whose initializers are no inputs: read as version 4"],
  [
    /Unable to parse proto|Wire format was corrupt/,
    "parts that are not read, such as documentation and types of other kinds, hold broken protobuf",
  ],
  [
    /No Opset registered for domain|should not have duplicate|Unrecognized attribute|in function|function \(|of 'function'/,
    "a function that nothing calls, or an attribute inside one that no call gives",
  ],
  [
    /one-dim tensor in node ConstantOfShape|Input to 'Range' op should be scalars|Input 'depth' must|shape input must be 1D/,
    "one number, or a shape, given as a tensor of another rank: read by its elements",
  ],
];

try {
  const run = spawnSync("pnpm", ["exec", "vitest", "run", "packages/graph/src/fuzz.test.ts"], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, GRAFT_FUZZ: String(count), GRAFT_FUZZ_SEED: seed, GRAFT_FUZZ_OUT: scratch },
    shell: process.platform === "win32",
  });
  if (run.status !== 0) {
    console.error(run.stdout + run.stderr);
    process.exit(1);
  }
  const { counts, slowest } = JSON.parse(readFileSync(join(scratch, "counts.json"), "utf8"));
  const all = readdirSync(scratch).filter((file) => file.endsWith(".onnx"));
  const asked = all.filter((_, i) => i % SAMPLE === 0);
  const verdicts = {};
  let version = "";
  for (let i = 0; i < asked.length; i += 2000) {
    const paths = asked.slice(i, i + 2000).map((file) => join(scratch, file));
    const check = spawnSync(python, [join(root, "tools/golden/check_model.py"), "--report", ...paths], {
      encoding: "utf8",
      maxBuffer: 2 ** 30,
    });
    if (check.status !== 0) {
      console.error(check.stderr);
      process.exit(1);
    }
    const answer = JSON.parse(check.stdout);
    version = answer.onnx;
    Object.assign(verdicts, answer.files);
  }
  const refused = Object.entries(verdicts).filter(([, complaint]) => complaint !== null);
  const kinds = new Map();
  for (const [file, complaint] of refused) {
    const known = KINDS.find(([pattern]) => pattern.test(complaint))?.[1];
    const text = complaint
      .split("\n")[0]
      .replace(/^.*\[\w+Error\] /, "")
      .replace(/\(op_type:(\w+), node name: [^)]*\): /, "$1: ");
    const kind = known ?? `**not explained**: ${text.replace(/[\d.-]+/g, "n").slice(0, 120)}`;
    const entry = kinds.get(kind) ?? { count: 0, example: basename(file) };
    kinds.set(kind, { ...entry, count: entry.count + 1 });
  }
  const sum = (key) => Object.values(counts).reduce((total, entry) => total + entry[key], 0);
  const row = (cells) => `| ${cells.join(" | ")} |`;
  const lines = [
    "# Damaged files",
    "",
    `Made by \`node scripts/proofs/fuzz.mjs ${count} ${seed}\` (${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} cores): five small models (a network, attention,`,
    "shape arithmetic, functions, the start of EfficientNet-Lite0) are damaged one way each; bytes are flipped, cut, doubled, moved; fields are",
    "dropped, doubled, swapped, lent from another model, their numbers and texts replaced while all lengths stay right. Each file goes",
    "through `readModel` and `inferShapes`, and what is accepted through `writeModel` and `readModel` again.",
    "",
    `- ${sum("refused")} files were refused, each by a \`GraftError\` of one line; nothing else was thrown.`,
    `- ${sum("accepted")} files were accepted, and each came back from a second file bit for bit.`,
    `- The slowest took ${Math.round(slowest)} ms; 2,000 are allowed.`,
    `- ONNX's checker ${version} (full check, strict shape inference) was asked about ${asked.length} of the accepted files and refuses ${refused.length} of them (${((100 * refused.length) / asked.length).toFixed(2)} %), by kind below.`,
    "",
    row(["damage", "accepted", "refused"]),
    row(["---", "---", "---"]),
    ...Object.entries(counts).map(([name, entry]) => row([name, entry.accepted, entry.refused])),
    "",
    "## Accepted here, refused by the checker",
    "",
    row(["files", "why"]),
    row(["---", "---"]),
    ...[...kinds]
      .sort((a, b) => b[1].count - a[1].count)
      .map(([kind, entry]) => row([entry.count, kind.replaceAll("|", "/")])),
    "",
  ];
  mkdirSync(join(root, "docs", "proofs"), { recursive: true });
  writeFileSync(join(root, "docs", "proofs", "fuzz.md"), lines.join("\n"));
  console.log(lines.join("\n"));
} finally {
  if (process.env.GRAFT_FUZZ_KEEP === undefined) rmSync(scratch, { recursive: true, force: true });
  else console.error(scratch);
}
