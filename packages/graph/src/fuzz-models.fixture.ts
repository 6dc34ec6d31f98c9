import { readFileSync } from "node:fs";
import { float32, type Graph, int64 } from "@graft-ml/core";
import proto from "onnx-proto";
import { graphBuilder } from "./builder.ts";
import { upTo } from "./cut.ts";
import { readModel } from "./model/read.ts";
import { writeModel } from "./model/write.ts";
import { drawn, tinyNetwork } from "./tiny.fixture.ts";

const { onnx } = proto;
const REAL = new URL("../../weights-efficientnet-lite0/model.onnx", import.meta.url);

/** Small files that a fuzzer damages, by name: a network, attention, shape arithmetic, functions and the start of a real model. */
export function smallModels(): Readonly<Record<string, Uint8Array>> {
  return {
    network: writeModel(tinyNetwork()),
    attention: writeModel(attention()),
    shapes: writeModel(shapeArithmetic()),
    functions: withFunctions(),
    real: writeModel(startOfRealModel()),
  };
}

function attention(): Graph {
  const g = graphBuilder();
  const ids = g.input("ids", "int64", ["batch", 4]);
  const x = g.op("Gather", [g.parameter("words", drawn([10, 8])), ids]);
  const [q, k, v] = ["q", "k", "v"].map((name) => {
    const y = g.op("MatMul", [x, g.parameter(`${name}.weight`, drawn([8, 8]))]);
    return g.op("Transpose", [g.op("Reshape", [y, g.ints([0, 0, 2, 4])])], { perm: [0, 2, 1, 3] });
  });
  const scores = g.op("Mul", [g.op("MatMul", [q, g.op("Transpose", [k], { perm: [0, 1, 3, 2] })]), g.scalar(0.5)]);
  const mask = g.constant({
    dtype: "bool",
    dims: [4, 4],
    data: Uint8Array.from({ length: 16 }, (_, i) => +(i % 4 <= i / 4)),
  });
  const masked = g.op("Where", [mask, scores, g.scalar(-1e9)]);
  const mixed = g.op("MatMul", [g.op("Softmax", [masked], { axis: -1 }), v]);
  const joined = g.op("Reshape", [g.op("Transpose", [mixed], { perm: [0, 2, 1, 3] }), g.ints([0, 0, 8])]);
  return { ...g.finish([g.name(joined, "mixed")]), metadata: { licence: "MIT", origin: "née" } };
}

function shapeArithmetic(): Graph {
  const g = graphBuilder();
  const x = g.input("x", "float32", ["batch", 6, 4]);
  const shape = g.op("Shape", [x]);
  const rows = g.op("Slice", [shape, g.ints([1]), g.ints([2 ** 31]), g.ints([0]), g.ints([1])]);
  const half = g.op("Div", [g.op("ReduceProd", [rows], { keepdims: 0 }), g.constant(int64([], [2]))]);
  const parts = [-1, 2].map((n) => g.ints([n]));
  const wanted = g.op("Concat", [parts[0], g.op("Unsqueeze", [half, g.ints([0])]), parts[1]], { axis: 0 });
  const y = g.op("Reshape", [x, g.op("Cast", [g.op("Cast", [wanted], { to: 6 })], { to: 7 })]);
  const filled = g.op("ConstantOfShape", [g.ints([2])], { value: float32([1], [3]) });
  const steps = g.op(
    "Range",
    [0, 2, 1].map((n) => g.constant(int64([], [n]))),
  );
  const hot = g.op("OneHot", [steps, g.constant(int64([], [2])), g.constant(float32([2], [0, 1]))]);
  const tiled = g.op("Tile", [g.op("Mul", [hot, filled]), g.ints([6, 1])]);
  return g.finish([g.name(g.op("Add", [y, g.op("Expand", [tiled, g.ints([1, 12, 2])])]), "y")]);
}

/** A model whose operator is defined by a function that calls another one with an attribute of its own. */
function withFunctions(): Uint8Array {
  const opsets = [
    { domain: "", version: 17 },
    { domain: "own", version: 1 },
  ];
  const reference = { name: "alpha", refAttrName: "slope", type: onnx.AttributeProto.AttributeType.FLOAT };
  const dims = { dim: [{ dimParam: "batch" }, { dimValue: 4 }] };
  const info = (name: string) => ({ name, type: { tensorType: { elemType: 1, shape: dims } } });
  const call = (input: string, output: string, slope: number) => ({
    name: `call.${output}`,
    opType: "Twice",
    domain: "own",
    input: [input],
    output: [output],
    attribute: [{ name: "slope", type: onnx.AttributeProto.AttributeType.FLOAT, f: slope }],
  });
  return onnx.ModelProto.encode(
    onnx.ModelProto.create({
      irVersion: 8,
      opsetImport: opsets,
      graph: {
        name: "graph",
        input: [info("x")],
        output: [info("y")],
        node: [call("x", "h", 0.5), call("h", "y", 0.25)],
      },
      functions: [
        {
          name: "Leaky",
          domain: "own",
          input: ["a"],
          output: ["b"],
          attribute: ["slope"],
          opsetImport: opsets,
          node: [{ name: "leaky", opType: "LeakyRelu", input: ["a"], output: ["b"], attribute: [reference] }],
        },
        {
          name: "Twice",
          domain: "own",
          input: ["x"],
          output: ["z"],
          attribute: ["slope"],
          opsetImport: opsets,
          node: [
            {
              name: "inner",
              opType: "Leaky",
              domain: "own",
              input: ["x"],
              output: ["y"],
              attribute: [{ ...reference, name: "slope" }],
            },
            { name: "sum", opType: "Add", input: ["y", "y"], output: ["z"] },
          ],
        },
      ],
    }),
  ).finish();
}

function startOfRealModel(): Graph {
  const graph = readModel(readFileSync(REAL));
  return upTo(graph, [graph.nodes.filter((node) => node.op === "Conv")[1]!.outputs[0]!]);
}
