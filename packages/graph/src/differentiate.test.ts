import { describe, expect, test } from "vitest";
import { graphBuilder } from "./builder.ts";
import { differentiate } from "./differentiate.ts";
import { reduceSum } from "./emit.ts";
import { drawn } from "./tiny.fixture.ts";

function affine() {
  const g = graphBuilder();
  const x = g.input("x", "float32", ["batch", 3]);
  const hidden = g.op("Gemm", [x, g.parameter("w1", drawn([3, 4])), g.parameter("b1", drawn([4]))]);
  const y = g.op("MatMul", [hidden, g.parameter("w2", drawn([4, 2]))]);
  const loss = g.name(reduceSum(g, y, [0, 1], false), "loss");
  return g.finish([loss]);
}

describe("differentiate", () => {
  test("appends nodes and leaves the forward pass alone", () => {
    const graph = affine();
    const { graph: backward, gradients } = differentiate(graph, "loss", ["w1", "w2"], { batch: 2 });
    expect(backward.nodes.slice(0, graph.nodes.length)).toEqual(graph.nodes);
    expect(Object.keys(gradients)).toEqual(["w1", "w2"]);
    expect(backward.outputs.map((output) => output.dims)).toEqual([[], [3, 4], [4, 2]]);
  });

  test("computes no gradient that nobody asked for", () => {
    const count = (variables: string[]) => differentiate(affine(), "loss", variables, { batch: 2 }).graph.nodes.length;
    expect(count(["w2"])).toBeLessThan(count(["w1", "w2"]));
    const { graph } = differentiate(affine(), "loss", ["w1"], { batch: 2 });
    const inputGradient = graph.nodes.filter((node) => node.op === "Gemm" && node.inputs.includes("w1"));
    expect(inputGradient).toHaveLength(1);
  });

  test("a loss that is no scalar", () => {
    const g = graphBuilder();
    const x = g.input("x", "float32", [2]);
    const graph = g.finish([g.name(g.op("Neg", [x]), "y")]);
    expect(() => differentiate(graph, "y", ["x"])).toThrow(
      '[graph/differentiate] expected a scalar loss; "y" has shape [2]',
    );
  });

  test("a variable that the loss does not see", () => {
    expect(() => differentiate(affine(), "loss", ["nowhere"], { batch: 2 })).toThrow(
      '[graph/differentiate] the loss "loss" does not depend on "nowhere"',
    );
  });

  test("a named dimension without a number", () => {
    expect(() => differentiate(affine(), "loss", ["w1"])).toThrow(/is not static; bind its dimensions first/);
  });

  test("an operator without a gradient rule", () => {
    const g = graphBuilder();
    const x = g.input("x", "float32", [2, 3]);
    const top = g.op("ReduceMax", [x], { axes: [1], keepdims: 0 });
    const graph = g.finish([g.name(reduceSum(g, top, [0], false), "loss")]);
    expect(() => differentiate(graph, "loss", ["x"])).toThrow(
      'node "ReduceMax" uses operator ReduceMax, which has no gradient rule',
    );
  });
});
