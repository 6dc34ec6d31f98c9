import { expect, test } from "vitest";
import { graphBuilder } from "../builder.ts";
import { nameOutputs } from "./name-outputs.ts";

test("a value takes the name of the output that it is copied to, wherever it is read", () => {
  const g = graphBuilder();
  const y = g.op("Relu", [g.input("x", "float32", [2])]);
  const z = g.op("Neg", [y]);
  const named = nameOutputs(g.finish([g.name(y, "first"), g.name(z, "second")]));
  expect(named.nodes.map(({ op, inputs, outputs }) => [op, ...inputs, ...outputs])).toEqual([
    ["Relu", "x", "first"],
    ["Neg", "first", "second"],
  ]);
  expect(named.outputs.map(({ name }) => name)).toEqual(["first", "second"]);
});

test("inputs, outputs and values with two names are copied as before", () => {
  const g = graphBuilder();
  const x = g.input("x", "float32", [2]);
  const y = g.op("Relu", [x]);
  const graph = g.finish([g.name(x, "again"), y, g.name(y, "copy"), g.name(g.op("Neg", [y]), "a")]);
  const twice = graphBuilder(graph);
  const named = nameOutputs(twice.finish([...graph.outputs, twice.name(twice.value("a"), "b")]));
  expect(named.nodes.filter(({ op }) => op === "Identity").map(({ outputs }) => outputs[0])).toEqual([
    "again",
    "copy",
    "b",
  ]);
});
