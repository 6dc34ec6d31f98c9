import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { engineNames, openEngine, probeEngines } from "./engines.ts";
import { loadSuite, type Outcome, runBackendCase } from "./onnx-backend.fixture.ts";

const DOCUMENT = fileURLToPath(new URL("../../../docs/proofs/onnx-backend.md", import.meta.url));
const ALL = engineNames.join(" ");
const TFJS = "tfjs-node tfjs-wasm";

/** Cases that are known to fail, with the engines and the reason; one that passes fails the test, so that the list stays true. */
const KNOWN: Readonly<Record<string, readonly [engines: string, reason: string]>> = {
  "node/test_attention_4d_attn_mask_causal_bf16": [
    "onnxruntime",
    "ONNX Runtime adds a float causal mask to scores of bfloat16",
  ],
  "node/test_resize_downsample_scales_cubic_align_corners": [
    ALL,
    "the case aligns to the unrounded size; ONNX Runtime, which ours follows, to the rounded one",
  ],
  "node/test_resize_downsample_scales_linear_align_corners": [
    ALL,
    "the case aligns to the unrounded size; ONNX Runtime, which ours follows, to the rounded one",
  ],
  "node/test_convinteger_with_padding": ["onnxruntime", "ONNX Runtime takes one zero point for all kernels only"],
  "node/test_reduce_max_empty_set_bool": ["onnxruntime", "ONNX Runtime refuses the maximum of no truths"],
  "node/test_mod_float_edge_cases_fmod_0_float32": ["tfjs-wasm", "its remainder by infinity is no number"],
  "node/test_qlinearmatmul_2D_int8_float16": [TFJS, "scales in half precision are refused"],
  "node/test_qlinearmatmul_2D_uint8_float16": [TFJS, "scales in half precision are refused"],
  "node/test_qlinearmatmul_3D_int8_float16": [TFJS, "scales in half precision are refused"],
  "node/test_qlinearmatmul_3D_uint8_float16": [TFJS, "scales in half precision are refused"],
};

const python = process.env.GRAFT_PYTHON ?? "python3";
const suite = loadSuite(python);
const probes = await probeEngines();
const rows: string[] = [];

describe("the ONNX standard's own cases", () => {
  if (suite.missing !== undefined) {
    const demanded = process.env.GRAFT_REQUIRE_PYTHON === "1";
    it.skipIf(!demanded)(`${python} lacks what tools/golden/requirements-oracle.txt names: ${suite.missing}`, () =>
      expect.fail(suite.missing),
    );
    return;
  }
  it.each(engineNames)("%s", { timeout: 300_000 }, async (name) => {
    const probe = probes.find((report) => report.name === name)!;
    if (!probe.available) {
      expect(process.env.GRAFT_REQUIRE_ENGINES, probe.reason).not.toBe("1");
      return;
    }
    const engine = await openEngine(name);
    const outcomes: Outcome[] = [];
    for (const one of suite.cases) outcomes.push(await runBackendCase(one, engine));
    const count = (status: Outcome["status"]): number => outcomes.filter((outcome) => outcome.status === status).length;
    rows.push(`| ${name} | ${count("passed")} | ${count("failed")} | ${count("unsupported")} |`);
    summary(name, outcomes);
    const failed = outcomes.filter(({ status }) => status === "failed");
    const known = Object.entries(KNOWN).flatMap(([key, [engines]]) => (engines.split(" ").includes(name) ? [key] : []));
    expect(
      failed.filter((outcome) => !known.includes(outcome.name)),
      "fail and are not in the list of known failures",
    ).toEqual([]);
    expect(
      known.filter((key) => !failed.some((outcome) => outcome.name === key)),
      "pass although they are in the list of known failures",
    ).toEqual([]);
    // What is passed may only grow: cases that fall back to "unsupported" fail nothing else.
    const fewest = fewestPassed(name);
    if (process.env.UPDATE !== "1")
      expect(count("passed"), "fewer pass than docs/proofs says").toBeGreaterThanOrEqual(fewest);
  });

  it.runIf(process.env.UPDATE === "1")("writes docs/proofs/onnx-backend.md", () => {
    writeFileSync(DOCUMENT, text());
  });
});

const missing = new Map<string, number>();
function summary(name: string, outcomes: readonly Outcome[]): void {
  if (name !== engineNames[0]) return;
  for (const { status, reason = "" } of outcomes) {
    if (status !== "unsupported") continue;
    const operator = /uses operator (\S+) \(/.exec(reason)?.[1];
    const kind = reason.includes("ValidateOpsetForDomain")
      ? "an operator set that ONNX Runtime does not know yet"
      : operator === undefined
        ? reason.replace(/^\[\S+\] /, "").replace(/node "[^"]*"/, "node")
        : `operator ${operator}`;
    missing.set(kind, (missing.get(kind) ?? 0) + 1);
  }
}

function fewestPassed(name: string): number {
  const row = new RegExp(`^\\| ${name} \\| (\\d+) `, "m").exec(readFileSync(DOCUMENT, "utf8"));
  return Number(row?.[1] ?? 0);
}

function text(): string {
  const gaps = [...missing].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).slice(0, 25);
  return [
    "# The standard's own test cases",
    "",
    `Made by \`UPDATE=1 pnpm exec vitest run packages/runtime/src/onnx-backend.test.ts\`: all ${suite.cases.length} cases that the Python package onnx`,
    `${suite.version} makes or ships (\`node\`, \`pytorch-converted\`, \`pytorch-operator\`, \`simple\`). Each is read, its shapes are inferred, it runs on the`,
    "engine, and every output has to have the expected type, shape and elements: integers exactly, floats within 1e-3 relative and 1e-5",
    "absolute (float16 2e-3, bfloat16 2e-2). Where an operator wants axes or sizes that are known before the graph runs, the integers",
    "that a case feeds are made initializers, as exporters write them. A case is unsupported where Graft or the engine refuses it by",
    "saying so; any other refusal, error or difference is a failure.",
    "",
    "| engine | passed | failed | unsupported |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
    "## Known failures",
    "",
    "The test fails when another case fails, and when one of these passes.",
    "",
    "| case | engines | reason |",
    "| --- | --- | --- |",
    ...Object.entries(KNOWN).map(([name, [engines, reason]]) => `| ${name} | ${engines} | ${reason} |`),
    "",
    "## What is unsupported",
    "",
    `The commonest of ${missing.size} reasons on ${engineNames[0]}.`,
    "",
    "| cases | reason |",
    "| --- | --- |",
    ...gaps.map(([reason, count]) => `| ${count} | ${reason.slice(0, 110).replaceAll("|", "/")} |`),
    "",
  ].join("\n");
}
