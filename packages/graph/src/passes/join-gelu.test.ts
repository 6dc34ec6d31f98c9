import { float32, type Graph, type Value } from "@graft-ml/core";
import { expect, test } from "vitest";
import { graphBuilder, type OpenGraph } from "../builder.ts";
import { joinGelu } from "./join-gelu.ts";

function network(body: (g: OpenGraph, x: Value) => readonly Value[]): Graph {
  const g = graphBuilder();
  return g.finish(body(g, g.input("x", "float32", ["batch", 4])));
}

const erf = (g: OpenGraph, scaled: Value): Value => g.op("Erf", [scaled]);
const divided = (g: OpenGraph, x: Value): Value => g.op("Div", [x, g.scalar(Math.SQRT2)]);
const multiplied = (g: OpenGraph, x: Value): Value => g.op("Mul", [g.constant(float32([1], [Math.SQRT1_2])), x]);

test.each<[string, (g: OpenGraph, x: Value) => Value]>([
  [
    "PyTorch's exporters",
    (g, x) => g.op("Mul", [g.op("Mul", [x, g.op("Add", [erf(g, divided(g, x)), g.scalar(1)])]), g.scalar(0.5)]),
  ],
  [
    "a halved x",
    (g, x) => g.op("Mul", [g.op("Mul", [g.scalar(0.5), x]), g.op("Add", [g.scalar(1), erf(g, multiplied(g, x))])]),
  ],
  [
    "a halved share",
    (g, x) => g.op("Mul", [x, g.op("Mul", [g.op("Add", [erf(g, multiplied(g, x)), g.scalar(1)]), g.scalar(0.5)])]),
  ],
])("the Gelu of %s becomes one operator", (_, gelu) => {
  const joined = joinGelu(network((g, x) => [g.name(gelu(g, g.op("Relu", [x])), "y")]));
  expect(joined.nodes.map(({ op, domain }) => `${domain}${op}`)).toEqual(["Relu", "com.microsoftGelu", "Identity"]);
  expect(joined.opsets["com.microsoft"]).toBe(1);
});

test.each<[string, (g: OpenGraph, x: Value) => readonly Value[]]>([
  [
    "other constants",
    (g, x) => [g.op("Mul", [g.op("Mul", [x, g.op("Add", [erf(g, divided(g, x)), g.scalar(1)])]), g.scalar(0.7)])],
  ],
  [
    "another x",
    (g, x) => [
      g.op("Mul", [g.op("Mul", [g.op("Relu", [x]), g.op("Add", [erf(g, divided(g, x)), g.scalar(1)])]), g.scalar(0.5)]),
    ],
  ],
  [
    "a part that somebody else reads",
    (g, x) => {
      const share = g.op("Add", [erf(g, divided(g, x)), g.scalar(1)]);
      return [g.op("Mul", [g.op("Mul", [x, share]), g.scalar(0.5)]), share];
    },
  ],
])("%s keep their operators", (_, body) => {
  const graph = network(body);
  expect(joinGelu(graph)).toBe(graph);
});
