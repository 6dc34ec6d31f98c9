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

/** The part that nobody reads left out, as exporters may. */
function unread(outputs: readonly string[]): readonly string[] {
  return outputs.map((name) => (name === "b" ? "" : name));
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

  test("a rule of several outputs sees which of them the loss reads", () => {
    const g = graphBuilder();
    g.input("x", "float32", [2, 5]);
    const outputs = ["a", "b", "c"];
    const sizes = g.ints([1, 3, 1]).name;
    const attributes = { axis: { type: "int", value: 1 } } as const;
    g.append({ name: "split", op: "Split", domain: "", inputs: ["x", sizes], outputs, attributes });
    const product = g.op("Mul", [g.value("a"), g.value("c")]);
    const graph = g.finish([g.name(reduceSum(g, product, [0, 1], false), "loss")]);
    const { graph: backward } = differentiate(graph, "loss", ["x"]);
    expect(backward.nodes.slice(-2).map((node) => node.op)).toEqual(["ConstantOfShape", "Concat"]);
    expect(backward.outputs.at(-1)?.dims).toEqual([2, 5]);
    const without = { ...graph, nodes: graph.nodes.map((node) => ({ ...node, outputs: unread(node.outputs) })) };
    expect(differentiate(without, "loss", ["x"]).graph.outputs.at(-1)?.dims).toEqual([2, 5]);
  });

  test("an operator without a gradient rule", () => {
    const g = graphBuilder();
    const x = g.input("x", "float32", [2, 3]);
    const rest = g.op("Mod", [x, g.scalar(2)], { fmod: 1 });
    const graph = g.finish([g.name(reduceSum(g, rest, [0, 1], false), "loss")]);
    expect(() => differentiate(graph, "loss", ["x"])).toThrow(
      'node "Mod" uses operator Mod, which has no gradient rule',
    );
  });
});
