import proto from "onnx-proto";
import { describe, expect, test } from "vitest";
import { inferShapes } from "../inference.ts";
import { tinyNetwork } from "../tiny.fixture.ts";
import { block, corrupted, type Model, PATIENCE, refusal } from "./hostile.fixture.ts";
import { readModel } from "./read.ts";
import { writeModel } from "./write.ts";

const { AttributeType } = proto.onnx.AttributeProto;

describe("protobuf that is none", () => {
  test("a length beyond what holds it", () => {
    // graph (7) → node (1) of 100 bytes, of which 1 is there.
    expect(refusal(Uint8Array.from([58, 3, 10, 100, 0]))).toMatch(
      /found GraphProto\.node, whose 100 bytes reach beyond what holds it; the file is cut off or damaged$/,
    );
  });

  test.each([
    ["a field number of 0", [0, 0]],
    ["a group", [11, 12]],
    ["a number without an end", new Array(12).fill(255)],
    ["a wire type that the field has not", [8 * 7, 1]],
    ["a number cut off", [8, 128]],
  ])("%s", (_, bytes) => {
    expect(refusal(Uint8Array.from(bytes))).toMatch(
      /^\[graph\/read\] expected an ONNX model; the protobuf does not parse: found /,
    );
  });

  test("groups and messages nested a hundred thousand deep", () => {
    let nested = new Uint8Array(0);
    // attribute (5) of a node → graph (6) → node (1) → ...; what is not read is not descended into.
    for (let depth = 0; depth < 300; depth++) nested = new Uint8Array(block(1, block(5, block(6, nested))));
    expect(refusal(block(7, nested))).toMatch(/^\[graph\//);
    expect(refusal(new Uint8Array(200_000).fill(11))).toMatch(/does not parse/);
  });

  test("text that is not UTF-8", () => {
    const bytes = writeModel({ ...tinyNetwork(), name: "zzzz" });
    const broken = new Uint8Array(bytes);
    broken.set([0xc3, 0x28], Buffer.from(bytes).indexOf("zzzz"));
    expect(refusal(broken)).toMatch(/found GraphProto\.name, which is not UTF-8$/);
  });

  test("a graph that stands twice, which would have to be merged", () => {
    const bytes = writeModel(tinyNetwork());
    expect(refusal(Buffer.concat([bytes, bytes]))).toMatch(/found ModelProto\.graph, which appears twice$/);
  });

  test("millions of empty nodes and strings", () => {
    const nodes = new Uint8Array(2_200_000).map((_, i) => (i % 2 === 0 ? 10 : 0));
    const model = Buffer.concat([Uint8Array.of(8, 8), block(7, nodes)]);
    expect(refusal(model, PATIENCE)).toMatch(/the graph has 1100000 nodes; at most 1000000 are supported/);
    const many = new Uint8Array(9_000_000).map((_, i) => (i % 2 === 0 ? 10 : 0));
    expect(refusal(block(7, block(1, many)), PATIENCE)).toMatch(/holds more than 4000000 messages, strings and lists/);
  });
});

describe("models that say what cannot be", () => {
  test.each<readonly [string, (model: Model) => void, RegExp]>([
    [
      "an attribute twice",
      ({ graph }) => graph!.node![0]!.attribute!.push(graph!.node![0]!.attribute![0]!),
      /node "Conv" has its attribute \w+ twice/,
    ],
    [
      "an attribute of another type than it says",
      ({ graph }) => {
        graph!.node![0]!.attribute![0]!.type = AttributeType.FLOAT;
      },
      /attribute strides of node "Conv" does not hold what its type says: FLOAT/,
    ],
    [
      "an attribute that the operator lacks",
      ({ graph }) => {
        graph!.node![0]!.attribute![0]!.name = "stridez";
      },
      /node "Conv" \(Conv, opset 17\) has the attribute stridez, which its operator lacks/,
    ],
    [
      "too few inputs",
      ({ graph }) => graph!.node![0]!.input!.pop(),
      /node "Conv" \(Conv, opset 17\) has 1 inputs; expected 2 to 3/,
    ],
    [
      "64-bit elements where floats belong",
      ({ graph }) => {
        const weight = graph!.initializer!.find(({ name }) => name === "classifier.weight")!;
        Object.assign(weight, { dataType: 7, rawData: new Uint8Array(96) });
      },
      /\(Gemm, opset 17\): input 1 is int64; expected float32/,
    ],
    [
      "an output of another shape than it has",
      ({ graph }) => {
        graph!.output![0]!.type!.tensorType!.shape!.dim![1]!.dimValue = 4;
      },
      /the output "logits" is said to be float32 \[batch, 4\]; it is float32 \[batch, 3\]/,
    ],
    ["an output twice", ({ graph }) => graph!.output!.push(graph!.output![0]!), /has its output "logits" twice/],
    [
      "an operator set twice",
      ({ opsetImport }) => opsetImport.push({ domain: "ai.onnx", version: 13 }),
      /the operator set of domain "" is imported twice/,
    ],
    [
      "an operator set of the future",
      ({ opsetImport }) => {
        opsetImport[0]!.version = 1000;
      },
      /expected operator set 1 to 28; received 1000/,
    ],
    [
      "metadata twice",
      ({ metadataProps }) => metadataProps.push({ key: "a" }, { key: "a" }),
      /the metadata have "a" twice/,
    ],
    [
      "a 4-bit tensor",
      ({ graph }) => {
        graph!.initializer![0]!.dataType = 22 as never;
      },
      /tensor "stem\.conv\.weight" has element type INT4, which is not supported/,
    ],
    [
      "elements in two places",
      ({ graph }) => graph!.initializer![0]!.floatData!.push(1),
      /tensor "stem\.conv\.weight" holds its elements in two places/,
    ],
    [
      "more dimensions than any program has",
      ({ graph }) => {
        graph!.initializer![0]!.dims = new Array(1000).fill(1);
      },
      /has 1000 dimensions; at most 64 are supported/,
    ],
    [
      "an input of 2^62 rows",
      ({ graph }) => {
        graph!.input![0]!.type!.tensorType!.shape!.dim![0] = { dimValue: 2 ** 62 };
      },
      /dimension 0 of "image" is out of range: 4611686018427387904/,
    ],
    [
      "an output that no rule makes",
      ({ graph }) =>
        graph!.node!.find(({ opType }) => opType === "BatchNormalization")!.output!.push("mean", "variance"),
      /\(BatchNormalization(, opset 17)?\) has 3 outputs/,
    ],
  ])("%s", (_, change, message) => {
    expect(refusal(corrupted(change))).toMatch(message);
  });

  test("bytes that a type has not", () => {
    const bytes = corrupted(({ graph }) => {
      graph!.initializer!.push({ name: "t", dataType: 9, dims: [1], rawData: Uint8Array.of(2) });
    });
    expect(refusal(bytes)).toMatch(/tensor "t" of bool holds 2; expected 0 and 1 only/);
    const wide = corrupted(({ graph }) => {
      graph!.initializer!.push({ name: "t", dataType: 3, dims: [1], int32Data: [200] });
    });
    expect(refusal(wide)).toMatch(/tensor "t" of int8 holds 200, which is out of range/);
  });

  test("a hundred thousand nodes that each want all that is allowed take bounded time and memory", () => {
    const bytes = corrupted(({ graph }) => {
      graph!.initializer!.push({ name: "wide", dataType: 7, dims: [2], int64Data: [256, 256] });
      for (let i = 0; i < 100_000; i++)
        graph!.node!.push({ name: `n${i}`, opType: "ConstantOfShape", input: ["wide"], output: [`v${i}`] });
    });
    const started = performance.now();
    const { constants } = inferShapes(readModel(bytes));
    expect(performance.now() - started).toBeLessThan(PATIENCE);
    expect(constants.size).toBeLessThan(1000);
  });

  test("an accident inside a rule names node and operator", () => {
    const bytes = corrupted(({ graph }) => {
      const conv = graph!.node![0]!;
      conv.attribute = [{ name: "axis", type: AttributeType.INT, i: 0 }];
      Object.assign(conv, { opType: "Split", input: [conv.input![0]], output: conv.output });
      graph!.initializer!.push({ name: "scalar", dataType: 1, dims: [], rawData: new Uint8Array(4) });
      conv.input = ["scalar"];
    });
    expect(refusal(bytes)).toMatch(/node "Conv" \(Split/);
  });
});
