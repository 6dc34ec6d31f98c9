import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { float32, int64, type Tensor, toNumbers } from "@graft-ml/core";
import { readModel, writeModel } from "@graft-ml/graph";
import { openEngine, probeEngines } from "@graft-ml/runtime";
import { describe, expect, it } from "vitest";
import { kerasModel } from "./model.ts";

interface Recorded {
  readonly dims: readonly number[];
  readonly data: readonly number[];
}

interface Case {
  readonly inputs: Readonly<Record<string, Recorded>>;
  readonly outputs: Readonly<Record<string, Recorded>>;
}

const folder = new URL("../../golden/keras/", import.meta.url);
const goldens = ["golden.json", "golden-keras2.json", "golden-graph-model.json"].flatMap((file) =>
  Object.entries(JSON.parse(readFileSync(new URL(file, folder), "utf8")).cases as Record<string, Case>),
);
const probes = await probeEngines();

/** Keras computes these in half precision; the graph does not. */
const COARSE: Readonly<Record<string, number>> = { half: 2e-3 };

describe.each(probes.map(({ name }) => name))("small models equal Keras on %s", (name) => {
  it.each(goldens)("%s", { timeout: 120_000 }, async (file, golden) => {
    const probe = probes.find((report) => report.name === name)!;
    if (!probe.available) {
      expect(process.env.GRAFT_REQUIRE_ENGINES, probe.reason).not.toBe("1");
      return;
    }
    const graph = await kerasModel(fileURLToPath(new URL(file, folder)));
    expect(graph.inputs.map((input) => input.name)).toEqual(Object.keys(golden.inputs));
    expect(graph.outputs.map((output) => output.name)).toEqual(Object.keys(golden.outputs));
    const types = new Map(graph.inputs.map((input) => [input.name, input.dtype]));
    const inputs = Object.fromEntries(
      Object.entries(golden.inputs).map(([key, { dims, data }]): [string, Tensor] => [
        key,
        types.get(key) === "int64" ? int64(dims, data) : float32(dims, data),
      ]),
    );
    const program = await (await openEngine(name)).prepare(graph);
    const outputs = await program.run(inputs);
    await program.release();
    for (const [key, expected] of Object.entries(golden.outputs)) {
      const output = outputs[key]!;
      expect(output.dims, key).toEqual(expected.dims);
      const largest = Math.max(...expected.data.map(Math.abs));
      const worst = Math.max(...Array.from(toNumbers(output), (value, i) => Math.abs(value - expected.data[i]!)));
      expect(worst / largest, key).toBeLessThan(COARSE[key] ?? 1e-5);
    }
  });
});

it.each(goldens)("%s survives a file of ONNX", async (file) => {
  const graph = await kerasModel(fileURLToPath(new URL(file, folder)));
  expect(readModel(writeModel(graph)).nodes).toEqual(graph.nodes);
});
