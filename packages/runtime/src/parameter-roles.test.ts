import { readFileSync } from "node:fs";
import type { Graph, ParameterRole } from "@graft-ml/core";
import { liftConstants, parameterRoles, readModel } from "@graft-ml/graph";
import { describe, expect, it } from "vitest";
import { architectures, bytesOf } from "./architectures.fixture.ts";

// Expected counts: tools/golden/architectures/parameter_roles.py, PyTorch's modules.

type Counts = Readonly<Record<ParameterRole, number>>;

const golden = JSON.parse(readFileSync(new URL("../golden/parameter-roles.json", import.meta.url), "utf8")) as {
  readonly architectures: Readonly<Record<string, Counts>>;
};

/** Numbers of each role; what is other holds the exporter's constants, too. */
function countsOf(graph: Graph): Record<string, number> {
  const counts: Record<string, number> = { kernel: 0, bias: 0, scale: 0, shift: 0, embedding: 0 };
  for (const [name, role] of parameterRoles(graph)) {
    if (role !== "other") counts[role] = counts[role]! + graph.initializers.get(name)!.data.length;
  }
  return counts;
}

const of = (name: string): Record<string, number> => countsOf(liftConstants(readModel(bytesOf(name))));

/** Positions that the exporter has looked up already: ten of 16 numbers that are added, no table any more. */
const LOOKED_UP: Readonly<Record<string, number>> = { "bert-dynamo": 160, "gpt2-dynamo": 160 };
/** Equal norms and biases are one initializer there, which is read as both. */
const MERGED = ["decoder-merged"];

describe("every number of PyTorch's modules has its role in the exported file", () => {
  it.each(Object.keys(golden.architectures).filter((name) => !MERGED.includes(name)))("%s", (name) => {
    const { other: _, embedding, ...expected } = golden.architectures[name]!;
    expect(of(name)).toEqual({ ...expected, embedding: embedding - (LOOKED_UP[name] ?? 0) });
  });

  it.each(MERGED)("%s, as far as parameters of their own", (name) => {
    expect(of(name).kernel).toBe(golden.architectures[name]!.kernel);
  });

  it("knows every file but Keras's, which has no PyTorch module", () => {
    expect(architectures.filter((name) => !(name in golden.architectures))).toEqual(["keras-convnet"]);
  });
});
