import { float32, type Graph, seededRandom, sizeOf, type Tensor } from "@graft-ml/core";
import { backward, graphBuilder, reduceSum } from "@graft-ml/graph";
import * as ort from "onnxruntime-node";
import { beforeAll, describe, expect, test } from "vitest";
import { judged } from "../../layers.fixture.ts";
import { blockSize } from "../block-size.ts";
import { lowerPrimitives } from "./index.ts";

let block = 0;
beforeAll(async () => {
  block = await blockSize(ort);
});

interface Case {
  readonly name: string;
  readonly x: readonly [number, number, number, number];
  readonly kernel: number;
  readonly attributes: Readonly<Record<string, readonly number[]>>;
  readonly bias?: boolean;
}
const cases: Case[] = [
  { name: "whole blocks", x: [2, 32, 7, 6], kernel: 3, attributes: { pads: [1, 1, 1, 1] }, bias: true },
  { name: "part of a block", x: [2, 12, 6, 5], kernel: 3, attributes: { pads: [1, 1, 1, 1] }, bias: true },
  { name: "more than a block", x: [3, 24, 5, 5], kernel: 5, attributes: { pads: [2, 2, 2, 2] } },
  { name: "stride 2", x: [2, 16, 9, 8], kernel: 5, attributes: { pads: [2, 2, 2, 2], strides: [2, 2] } },
  { name: "unequal pads", x: [2, 16, 9, 8], kernel: 3, attributes: { pads: [0, 1, 2, 0], strides: [2, 1] } },
  { name: "unused rows", x: [1, 16, 10, 10], kernel: 3, attributes: { strides: [3, 2] } },
  { name: "dilations", x: [2, 16, 9, 9], kernel: 3, attributes: { pads: [2, 2, 2, 2], dilations: [2, 2] } },
  { name: "pads beyond the kernel", x: [1, 16, 4, 4], kernel: 1, attributes: { pads: [1, 1, 1, 1] } },
  { name: "one pixel", x: [1, 16, 1, 1], kernel: 3, attributes: { pads: [1, 1, 1, 1] } },
];

/** y and the gradients of Σ y · c by all inputs. */
function graphOf({ x, kernel, attributes, bias }: Case): { graph: Graph; inputs: Record<string, Tensor> } {
  const random = seededRandom(1);
  const draw = (dims: readonly number[]) =>
    float32(
      dims,
      Float32Array.from({ length: sizeOf(dims) }, () => random.normal()),
    );
  const inputs: Record<string, Tensor> = { x: draw(x), w: draw([x[1], 1, kernel, kernel]) };
  if (bias) inputs.b = draw([x[1]]);
  const g = graphBuilder();
  const values = Object.entries(inputs).map(([name, { dims }]) => g.input(name, "float32", dims));
  const y = g.name(g.op("Conv", values, { ...attributes, group: x[1] }), "y");
  const weighted = g.op("Mul", [y, g.constant(draw(y.dims as number[]))]);
  const loss = g.name(reduceSum(g, weighted, [0, 1, 2, 3], false), "loss");
  const forward = g.finish([loss]);
  const gradients = backward(g, forward.nodes, forward.opsets, loss, Object.keys(inputs));
  const outputs = Object.entries(gradients).map(([name, value]) => g.name(value, `d${name}`));
  return { graph: g.finish([y, ...outputs]), inputs };
}

describe("depthwise convolutions in ONNX Runtime's blocked layout", () => {
  test("the layout is there on x64, whose vectors hold 8 or 16", () => {
    expect(process.arch === "x64" ? [8, 16] : [0, 8, 16]).toContain(block);
  });

  test.each(cases)("$name: output and gradients equal those of standard operators", async (each) => {
    const { graph, inputs } = graphOf(each);
    const blocked = lowerPrimitives(graph, { block });
    if (block > 0) expect(blocked.nodes.some((node) => node.op === "ReorderInput")).toBe(true);
    const plain = lowerPrimitives(graph);
    expect(plain.nodes.every((node) => node.domain === "")).toBe(true);
    const [actual, expected] = [await judged(blocked, inputs), await judged(plain, inputs)];
    for (const [name, { data }] of Object.entries(expected)) {
      const [values, found] = [data as Float32Array, actual[name]!.data as Float32Array];
      const scale = Math.max(...values.map(Math.abs));
      expect(found.length).toBe(values.length);
      values.forEach((value, i) => {
        expect(Math.abs(found[i]! - value), `${name}[${i}]`).toBeLessThan(1e-5 * scale);
      });
    }
  });

  test("channels that do not come by fours stay in standard operators", () => {
    const { graph } = graphOf({ name: "", x: [1, 10, 5, 5], kernel: 3, attributes: {} });
    expect(lowerPrimitives(graph, { block: 16 }).nodes.every((node) => node.domain === "")).toBe(true);
  });

  test("a value is brought into the layout once for all that read it", () => {
    const { graph } = graphOf(cases[0]!);
    // x for the output and the kernel's gradient, dy for both gradients.
    expect(lowerPrimitives(graph, { block: 16 }).nodes.filter((node) => node.op === "ReorderInput")).toHaveLength(2);
  });
});
