import type { Graph } from "@graft-ml/core";
import { expect, test } from "vitest";
import { graphBuilder } from "../builder.ts";
import { refusal } from "../model/hostile.fixture.ts";
import { readModel } from "../model/read.ts";
import { writeModel } from "../model/write.ts";

function castLike(inputs: readonly string[], opset: number): Graph {
  const g = graphBuilder();
  const [x, like] = [g.input("x", "float32", ["n"]), g.input("like", "int32", [])];
  const graph = g.finish([g.name(g.op("Add", [g.op("Cast", [x], { to: 6 }), like]), "y")]);
  const nodes = graph.nodes.map((node) =>
    node.op === "Cast" ? { ...node, op: "CastLike", inputs, attributes: {} } : node,
  );
  return { ...graph, nodes, opsets: { "": opset } };
}

test("a cast to the type of another value becomes a cast to that type", () => {
  const [cast] = readModel(writeModel(castLike(["x", "like"], 15))).nodes;
  expect(cast).toMatchObject({ op: "Cast", inputs: ["x"], attributes: { to: { type: "int", value: 6 } } });
});

test("one of a missing value or an older operator set is refused", () => {
  expect(refusal(writeModel(castLike(["x", "nobody"], 15)))).toMatch(
    /\(CastLike\) reads "nobody", which nothing before it makes/,
  );
  expect(refusal(writeModel(castLike(["x"], 15)))).toMatch(/\(CastLike, opset 15\) has 1 inputs; expected 2 to 2/);
  expect(refusal(writeModel(castLike(["x", "like"], 14)))).toMatch(
    /uses operator CastLike of opset 14; supported from 15 on/,
  );
});
