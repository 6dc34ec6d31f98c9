import { float32, GraftError, type Graph } from "@graft-ml/core";
import proto from "onnx-proto";
import { describe, expect, test } from "vitest";
import { graphBuilder } from "../builder.ts";
import { inferShapes } from "../inference.ts";
import { tinyNetwork } from "../tiny.fixture.ts";
import { readModel } from "./read.ts";
import { writeModel } from "./write.ts";

const { onnx } = proto;

function corrupted(change: (model: ReturnType<typeof onnx.ModelProto.decode>) => void): Uint8Array {
  const model = onnx.ModelProto.decode(writeModel(tinyNetwork()));
  change(model);
  return onnx.ModelProto.encode(model).finish();
}

function messageOf(bytes: Uint8Array): string {
  try {
    readModel(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(GraftError);
    return (error as GraftError).message;
  }
  throw new Error("expected the model to be refused");
}

describe("reading and writing", () => {
  test("a graph that is written and read again is identical", () => {
    const graph = { ...tinyNetwork(), metadata: { licence: "MIT" } };
    expect(readModel(writeModel(graph))).toEqual(graph);
  });

  test("every element type survives", () => {
    const g = graphBuilder();
    const tensors = {
      f: float32([2], [1.5, -0]),
      d: { dtype: "float64" as const, dims: [1], data: Float64Array.of(Math.PI) },
      h: { dtype: "float16" as const, dims: [2], data: Uint16Array.of(0x3c00, 0x7e00) },
      i: { dtype: "int64" as const, dims: [2], data: BigInt64Array.of(-1n, 2n ** 62n) },
      u: { dtype: "uint8" as const, dims: [2], data: Uint8Array.of(0, 255) },
      b: { dtype: "bool" as const, dims: [1], data: Uint8Array.of(1) },
      e: { dtype: "float32" as const, dims: [0, 3], data: new Float32Array(0) },
    };
    for (const [name, tensor] of Object.entries(tensors)) g.parameter(name, tensor);
    const graph = g.finish([g.op("Identity", [g.value("f")])]);
    expect(Object.fromEntries(readModel(writeModel(graph)).initializers)).toEqual(tensors);
  });
});

describe("hostile files", () => {
  test("bytes that are no protobuf", () => {
    expect(messageOf(new Uint8Array([255, 255, 255, 255]))).toMatch(
      /^\[graph\/read\] expected an ONNX model; the protobuf does not parse: /,
    );
  });

  test("an empty file", () => {
    expect(messageOf(new Uint8Array(0))).toBe("[graph/read] expected an ONNX model; the file holds no graph");
  });

  test("a truncated file", () => {
    const bytes = writeModel(tinyNetwork());
    expect(messageOf(bytes.slice(0, bytes.length - 100))).toMatch(/^\[graph\//);
  });

  test("an initializer that lies about its size", () => {
    const bytes = corrupted((model) => {
      model.graph!.initializer![0]!.dims = [1_000_000_000, 2];
    });
    expect(messageOf(bytes)).toMatch(/its shape needs 8000000000 bytes; the file holds \d+/);
  });

  test("a negative dimension", () => {
    const bytes = corrupted((model) => {
      model.graph!.initializer![0]!.dims = [-4, 3, 3, 3];
    });
    expect(messageOf(bytes)).toMatch(/has a negative dimension: \[-4, 3, 3, 3\]/);
  });

  test("a dimension beyond every integer", () => {
    const bytes = corrupted((model) => {
      model.graph!.initializer![0]!.dims = [2 ** 52, 2 ** 52];
    });
    expect(messageOf(bytes)).toMatch(/is too large/);
  });

  test("a cycle", () => {
    const bytes = corrupted((model) => {
      model.graph!.node![0]!.input![0] = model.graph!.node!.at(-1)!.output![0]!;
    });
    expect(messageOf(bytes)).toMatch(/which nothing before it makes: a missing value, a cycle, or nodes out of order/);
  });

  test("an unknown operator names node, operator and opset", () => {
    const bytes = corrupted((model) => {
      model.graph!.node![3]!.opType = "Frobnicate";
    });
    expect(messageOf(bytes)).toMatch(
      /^\[graph\] node ".*" uses operator Frobnicate \(opset 17\), which is not supported$/,
    );
  });

  test("two values of one name", () => {
    const bytes = corrupted((model) => {
      model.graph!.node![1]!.output![0] = model.graph!.node![0]!.output![0]!;
    });
    expect(messageOf(bytes)).toMatch(/is made twice/);
  });

  test("names that every object has", () => {
    const graph = tinyNetwork();
    const inputs = [{ ...graph.inputs[0]!, dims: ["constructor", 3, 8, 8] }];
    const named = readModel(writeModel({ ...graph, inputs }));
    expect(inferShapes(named, {}).values.get("logits")?.dims).toEqual(["constructor", 3]);
  });

  test("a value without a name", () => {
    const bytes = corrupted((model) => {
      model.graph!.initializer![0]!.name = "";
    });
    expect(messageOf(bytes)).toBe("[graph/validate] an input or initializer has no name");
  });

  test("no output", () => {
    expect(messageOf(writeModel({ ...tinyNetwork(), outputs: [] } as Graph))).toBe(
      "[graph/validate] the graph has no output",
    );
  });
});
