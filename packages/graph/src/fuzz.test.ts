import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { seededRandom } from "@graft-ml/core";
import { expect, test } from "vitest";
import { attempt, differs, MUTATIONS, mutate, type Outcome } from "./fuzz.fixture.ts";
import { FIELD_MUTATIONS } from "./fuzz-fields.fixture.ts";
import { smallModels } from "./fuzz-models.fixture.ts";
import { readModel } from "./model/read.ts";
import { writeModel } from "./model/write.ts";

const COUNT = Number(process.env.GRAFT_FUZZ ?? 2000);
/** Where accepted files go, for another judge; `scripts/proofs/fuzz.mjs` asks for them. */
const KEEP = process.env.GRAFT_FUZZ_OUT;
const LONGEST = 2000;
const PYTHON = process.env.GRAFT_PYTHON ?? "python3";
const CHECKER = fileURLToPath(new URL("../../../tools/golden/check_model.py", import.meta.url));
const models = smallModels();

test.each(Object.entries(models))("%s comes back from its file as it was", (_, bytes) => {
  const graph = readModel(bytes);
  expect(differs(graph, readModel(writeModel(graph)))).toBeUndefined();
});

test("a whole real model comes back from its file as it was", () => {
  const graph = readModel(readFileSync(new URL("../../weights-efficientnet-lite0/model.onnx", import.meta.url)));
  expect(differs(graph, readModel(writeModel(graph)))).toBeUndefined();
});

const probe = spawnSync(PYTHON, ["-c", "import onnx"]);
test.skipIf(probe.status !== 0 && process.env.GRAFT_REQUIRE_PYTHON !== "1")(
  "ONNX's own checker accepts what is written",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "graft-written-"));
    try {
      for (const [name, bytes] of Object.entries(models))
        writeFileSync(join(folder, `${name}.onnx`), writeModel(readModel(bytes)));
      const { status, stdout, stderr } = spawnSync(PYTHON, [CHECKER, folder], { encoding: "utf8" });
      expect(status, stdout + stderr).toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test(`${COUNT} damaged files are refused in one line or read the same twice, each in time`, {
  timeout: 3_600_000,
}, () => {
  const random = seededRandom(`fuzz ${process.env.GRAFT_FUZZ_SEED ?? 0}`);
  const all = Object.entries(models);
  const counts: Record<string, { accepted: number; refused: number }> = {};
  let slowest = 0;
  for (let i = 0; i < COUNT; i++) {
    const [name, bytes] = all[i % all.length]!;
    const mutation = MUTATIONS[Math.floor(i / all.length) % MUTATIONS.length]!;
    const damaged = mutate(bytes, all[random.integer(all.length)]![1], mutation, random);
    let outcome: Outcome;
    try {
      outcome = attempt(damaged, mutation);
    } catch (cause) {
      if (KEEP !== undefined) writeFileSync(join(KEEP, "failure.onnx"), damaged);
      throw new Error(`mutation ${i} (${mutation}) of ${name}: ${(cause as Error).stack}`, { cause });
    }
    expect(outcome.milliseconds, `mutation ${i} (${mutation}) of ${name}`).toBeLessThan(LONGEST);
    slowest = Math.max(slowest, outcome.milliseconds);
    counts[mutation] ??= { accepted: 0, refused: 0 };
    counts[mutation][outcome.accepted === undefined ? "refused" : "accepted"]++;
    if (KEEP !== undefined && outcome.accepted !== undefined) {
      mkdirSync(KEEP, { recursive: true });
      writeFileSync(join(KEEP, `${String(i).padStart(6, "0")}-${name}-${mutation}.onnx`), outcome.accepted);
    }
  }
  if (KEEP !== undefined) writeFileSync(join(KEEP, "counts.json"), JSON.stringify({ count: COUNT, counts, slowest }));
  // A fuzzer that only ever breaks the protobuf, or never breaks anything, shows nothing.
  for (const mutation of ["bit", "byte", ...FIELD_MUTATIONS]) {
    expect(counts[mutation]!.accepted, mutation).toBeGreaterThan(0);
    expect(counts[mutation]!.refused, mutation).toBeGreaterThan(0);
  }
});
