import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GraftError, type Graph } from "@graft-ml/core";
import proto from "onnx-proto";
import { describe, expect, test } from "vitest";
import { differs } from "../fuzz.fixture.ts";
import { tinyNetwork } from "../tiny.fixture.ts";
import { LARGEST_FILE } from "./limits.ts";
import { readModel } from "./read.ts";
import type { ExternalLoader } from "./read-tensor.ts";
import { type ExternalModel, writeExternalModel, writeModel } from "./write.ts";

const { onnx } = proto;
const python = process.env.GRAFT_PYTHON ?? "python3";
const checker = fileURLToPath(new URL("../../../../tools/golden/check_model.py", import.meta.url));

function loaderOf({ chunks }: ExternalModel): ExternalLoader {
  const file = Buffer.concat(chunks);
  return (location, offset, length) =>
    location === "weights.bin" ? file.subarray(offset, offset + length) : undefined;
}

function changed(entries: Readonly<Record<string, string>>): Uint8Array {
  const model = onnx.ModelProto.decode(
    writeExternalModel(tinyNetwork(), { location: "weights.bin", smallest: 64 }).model,
  );
  const tensor = model.graph!.initializer!.find(({ name }) => name === "stem.conv.weight")!;
  const old = Object.fromEntries(tensor.externalData!.map(({ key, value }) => [key!, value!]));
  tensor.externalData = Object.entries({ ...old, ...entries }).map(([key, value]) => ({ key, value }));
  return onnx.ModelProto.encode(model).finish();
}

function messageOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(GraftError);
    return (error as GraftError).message;
  }
  throw new Error("expected the model to be refused");
}

describe("tensors in a second file", () => {
  const graph = tinyNetwork();
  const written = writeExternalModel(graph, { location: "weights.bin", smallest: 64 });

  test("a graph that is written so and read again is identical", () => {
    expect(written.chunks.length).toBeGreaterThan(3);
    expect(written.model.length).toBeLessThan(writeModel(graph).length);
    expect(written.size).toBe(written.chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    expect(differs(graph, readModel(written.model, { external: loaderOf(written) }))).toBeUndefined();
  });

  test("large tensors are handed out as they lie in memory, each at a page of its own", () => {
    const { buffer } = graph.initializers.get("stem.conv.weight")!.data;
    expect(written.chunks.some((chunk) => chunk.buffer === buffer)).toBe(true);
    const offsets = onnx.ModelProto.decode(written.model).graph!.initializer!.flatMap(({ externalData }) =>
      (externalData ?? []).filter(({ key }) => key === "offset").map(({ value }) => Number(value)),
    );
    expect(offsets.length).toBeGreaterThan(3);
    expect(offsets.every((offset) => offset % 4096 === 0)).toBe(true);
  });

  test("without a loader they are refused", () => {
    expect(messageOf(() => readModel(written.model))).toBe(
      '[graph/read] tensor "stem.conv.weight" lies in the external file "weights.bin"; open the model with a loader for it ("external")',
    );
  });

  test("a missing file", () => {
    expect(messageOf(() => readModel(written.model, { external: () => undefined }))).toBe(
      '[graph/read] tensor "stem.conv.weight" lies in the external file "weights.bin", which is missing',
    );
  });

  test.each([
    [{ length: "4" }, /its shape needs 432 bytes; the file holds 4/],
    [{ offset: "-4096" }, /at an offset that is no number: "-4096"/],
    [{ offset: "1e3" }, /at an offset that is no number: "1e3"/],
    [{ length: "99999999999999999999" }, /with a length that is no number: "99999999999999999999"/],
    [{ offset: "4000000" }, /expected 432 bytes from byte 4000000 on; received 0/],
    [{ location: "" }, /lies in an external file without a name/],
  ])("%j is refused", (entries, message) => {
    expect(messageOf(() => readModel(changed(entries), { external: loaderOf(written) }))).toMatch(message);
  });

  test("a graph that no single file can hold", () => {
    // A length is enough: nothing may be copied before it is looked at.
    const data = Object.create(Float32Array.prototype, { byteLength: { value: LARGEST_FILE } }) as Float32Array;
    const initializers = new Map([["w", { dtype: "float32" as const, dims: [1], data }]]);
    expect(messageOf(() => writeModel({ ...graph, initializers } as Graph))).toMatch(
      /^\[graph\/write\] the graph holds 2147483647 bytes; one file takes 2 GB at most/,
    );
  });

  const probe = spawnSync(python, ["-c", "import onnx"]);
  test.skipIf(probe.status !== 0 && process.env.GRAFT_REQUIRE_PYTHON !== "1")(
    "ONNX's own checker accepts both files",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "graft-external-"));
      try {
        writeFileSync(join(folder, "model.onnx"), written.model);
        writeFileSync(join(folder, "weights.bin"), Buffer.concat(written.chunks));
        const good = spawnSync(python, [checker, folder], { encoding: "utf8" });
        expect(good.stdout + good.stderr).toMatch(/"files": \{".*model\.onnx": null\}/);
        writeFileSync(join(folder, "weights.bin"), Buffer.concat(written.chunks).subarray(0, 5000));
        expect(spawnSync(python, [checker, folder], { encoding: "utf8" }).status).toBe(1);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});
