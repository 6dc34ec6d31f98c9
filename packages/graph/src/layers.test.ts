import { type Dim, float32, int64, type Tensor, tensor, type Value } from "@graft-ml/core";
import proto from "onnx-proto";
import { describe, expect, it } from "vitest";
import {
  differentiate,
  emptyGraph,
  foldShapes,
  graphBuilder,
  readModel,
  reduceSum,
  unrollRecurrent,
  writeModel,
} from "./index.ts";

const { onnx } = proto;
const builder = (opset = 19) =>
  graphBuilder({ ...emptyGraph(opset), name: "layers", opsets: { "com.microsoft": 1, "": opset } });
const zeros = (...dims: number[]): Tensor => float32(dims, new Array(dims.reduce((a, b) => a * b, 1)).fill(0));

describe("Pad", () => {
  const padded = (dims: readonly Dim[], pads: readonly number[], mode: string) => () => {
    const g = builder();
    return g.op("Pad", [g.input("x", "float32", dims), g.ints(pads)], { mode }).dims;
  };
  it("keeps names of dimensions that it leaves alone", () => {
    expect(padded(["batch", 5], [0, 1, 0, 2], "edge")()).toEqual(["batch", 8]);
    expect(padded(["batch", 5], [0, -1, 0, -2], "reflect")()).toEqual(["batch", 2]);
  });
  it("refuses more than a mode can give", () => {
    expect(padded([1, 3], [0, 3, 0, 0], "reflect")).toThrow(/node "Pad" \(Pad\): mode reflect cannot add \[3, 0\]/);
    expect(padded([1, 3], [0, 2, 0, 0], "reflect")).not.toThrow();
    expect(padded([1, 5], [0, 2, 0, -3], "reflect")).toThrow("to the 2 elements of axis 1");
    expect(padded([1, 3], [0, 4, 0, 0], "wrap")).toThrow("mode wrap cannot add");
    expect(padded([1, 0], [0, 1, 0, 0], "edge")).toThrow("mode edge cannot add");
    expect(padded([1, 3], [0, 9, 0, 0], "edge")).not.toThrow();
    expect(padded([1, 3], [0, 9, 0, 0], "mirror")).toThrow("mode mirror is not known");
    expect(padded([1, 3], [0, 1, 0], "constant")).toThrow("3 pads do not fit 2 axes");
  });
  it("has its amounts where its operator set wants them", () => {
    const old = builder(10);
    const x = old.input("x", "float32", [2]);
    expect(() => old.op("Pad", [x, old.ints([0, 1])])).toThrow("expected pads as an attribute in operator set 10");
    expect(old.op("Pad", [x], { pads: [0, 1] }).dims).toEqual([3]);
    const g = builder();
    expect(() => g.op("Pad", [g.input("x", "float32", [2])], { pads: [0, 1] })).toThrow("expected pads as an input");
  });
});

describe("Resize", () => {
  const resized = (
    attributes: Record<string, string | number | readonly number[]>,
    sizes: readonly number[],
    opset = 19,
  ) => {
    const g = builder(opset);
    const x = g.input("x", "float32", ["batch", 3, 4, "width"]);
    return g.op("Resize", [x, undefined, undefined, g.ints(sizes)], attributes).dims;
  };
  it("keeps names of dimensions that it leaves alone", () => {
    expect(resized({ mode: "linear", axes: [2, 3] }, [8, 9])).toEqual(["batch", 3, 8, 9]);
    const g = builder();
    const x = g.input("x", "float32", ["batch", 3, 4, "width"]);
    const y = g.op("Resize", [x, undefined, g.constant(float32([4], [1, 1, 2, 2]))]);
    expect(y.dims.slice(0, 3)).toEqual(["batch", 3, 8]);
    expect(typeof y.dims[3]).toBe("string");
  });
  it("refuses by name what it does not do", () => {
    expect(() => resized({ antialias: 1, axes: [2, 3] }, [8, 9])).toThrow(/node "Resize" \(Resize\): antialias/);
    expect(() => resized({ mode: "lanczos", axes: [2, 3] }, [8, 9])).toThrow("mode lanczos is not supported");
    expect(() => resized({ coordinate_transformation_mode: "tf_half_pixel_for_nn", axes: [2, 3] }, [8, 9])).toThrow(
      "coordinate_transformation_mode tf_half_pixel_for_nn is not supported",
    );
    expect(() => resized({ axes: [2, 3] }, [8, 0])).toThrow("above 0");
    expect(() => resized({ axes: [2, 3] }, [8])).toThrow("1 scales or sizes do not fit 2 axes");
    expect(() => resized({ axes: [2, 3], coordinate_transformation_mode: "tf_crop_and_resize" }, [8, 9])).toThrow(
      "roi",
    );
  });
  it("refuses a crop that ONNX Runtime would leave out", () => {
    const g = builder();
    const x = g.input("x", "float32", [1, 1, 4, 4]);
    const roi = g.constant(float32([8], [0, 0, 0, 0.5, 1, 1, 1, 1]));
    const mode = { coordinate_transformation_mode: "tf_crop_and_resize" };
    expect(() => g.op("Resize", [x, roi, undefined, g.ints([1, 1, 8, 4])], mode)).toThrow("a crop of axis 3");
  });
  it("has unknown sizes where they are fed", () => {
    const g = builder();
    const x = g.input("x", "float32", ["batch", 3, 4, 4]);
    const y = g.op("Resize", [x, undefined, undefined, g.input("sizes", "int64", [2])], { axes: [-2, -1] });
    expect(y.dims.slice(0, 2)).toEqual(["batch", 3]);
    expect(y.dims.slice(2).every((dim) => typeof dim === "string")).toBe(true);
  });
});

describe("recurrent operators", () => {
  const lstm = (
    more: { sequenceLens?: boolean; attributes?: Record<string, never | number | { float: number }> } = {},
  ) => {
    const g = builder();
    const x = g.input("x", "float32", [4, "batch", 3]);
    const [w, r] = [g.parameter("w", zeros(1, 8, 3)), g.parameter("r", zeros(1, 8, 2))];
    const lengths = more.sequenceLens ? g.input("lengths", "int32", ["batch"]) : undefined;
    const y = g.op("LSTM", [x, w, r, undefined, lengths], { hidden_size: 2, ...more.attributes });
    return { g, y, w };
  };
  const gradient = ({ g, y, w }: { g: ReturnType<typeof builder>; y: Value; w: Value }) => {
    const loss = reduceSum(g, y, [0, 1, 2, 3], false);
    return differentiate(g.finish([loss]), loss.name, [w.name], { batch: 2 });
  };
  it("have shapes with named batches", () => {
    expect(lstm().y.dims).toEqual([4, 1, "batch", 2]);
    expect(lstm({ attributes: { layout: 1 } }).y.dims).toEqual([4, "batch", 1, 2]);
    expect(lstm({ sequenceLens: true }).y.dims).toEqual([4, 1, "batch", 2]);
  });
  it("refuse weights that do not fit", () => {
    const g = builder();
    const x = g.input("x", "float32", [4, 2, 3]);
    const refused =
      (...inputs: Tensor[]) =>
      () =>
        g.op("GRU", [x, ...inputs.map((one) => g.constant(one))], { hidden_size: 2 });
    expect(refused(zeros(1, 6, 3), zeros(1, 6, 2))).not.toThrow();
    expect(refused(zeros(1, 8, 3), zeros(1, 6, 2))).toThrow(/\(GRU\): W \[1, 8, 3\] and R \[1, 6, 2\] do not fit/);
    expect(refused(zeros(2, 6, 3), zeros(2, 6, 2))).toThrow("do not fit 1 directions");
    expect(refused(zeros(1, 6, 4), zeros(1, 6, 2))).toThrow("do not fit");
    expect(refused(zeros(6, 3), zeros(6, 2))).toThrow("rank 3");
  });
  it("refuse by name what has no gradient", () => {
    expect(() => gradient(lstm({ sequenceLens: true }))).toThrow("the input sequence_lens");
    expect(() => gradient(lstm({ attributes: { clip: { float: 1 } } }))).toThrow("attribute clip");
    expect(() => gradient(lstm({ attributes: { input_forget: 1 } }))).toThrow("input_forget");
    expect(Object.keys(gradient(lstm()).gradients)).toEqual(["w"]);
  });
  it("refuse activations that are not known", () => {
    const g = builder();
    const x = g.input("x", "float32", [4, 2, 3]);
    const inputs = [x, g.parameter("w", zeros(1, 2, 3)), g.parameter("r", zeros(1, 2, 2))];
    const y = g.op("RNN", inputs, { hidden_size: 2, activations: ["Elu"] });
    expect(() => gradient({ g, y, w: inputs[1]! })).toThrow(
      "activations Elu are not supported, only Sigmoid, Tanh, Relu",
    );
  });
  it("are unrolled with outputs left out and batches bound", () => {
    const g = builder();
    const x = g.input("x", "float32", [4, "batch", 3]);
    const [w, r] = [g.parameter("w", zeros(1, 8, 3)), g.parameter("r", zeros(1, 8, 2))];
    g.append({
      name: "lstm",
      op: "LSTM",
      domain: "",
      inputs: [x.name, w.name, r.name],
      outputs: ["", "", "cell"],
      attributes: { hidden_size: { type: "int", value: 2 } },
    });
    const unrolled = unrollRecurrent(g.finish([g.value("cell")]), { batch: 5 });
    expect(unrolled.outputs).toEqual([{ name: "cell", dtype: "float32", dims: [1, 5, 2] }]);
    expect(unrolled.nodes.map(({ op }) => op)).not.toContain("LSTM");
    expect(() => unrollRecurrent(g.finish([g.value("cell")]))).toThrow("bind its dimensions first");
  });
});

describe("quantised weights", () => {
  const model = () => {
    const g = builder(13);
    const weight = g.parameter("weight", tensor("int8", [4, 2], Int8Array.of(-128, 127, 3, 0, -1, 5, 9, -9)));
    const zero = g.parameter("zero", tensor("int8", [2], Int8Array.of(1, -1)));
    const wide = g.op("DequantizeLinear", [weight, g.parameter("scale", float32([2], [0.5, 0.25])), zero], { axis: 1 });
    return g.finish([g.op("MatMul", [g.input("x", "float32", ["batch", 4]), wide])]);
  };
  it("stay int8 in files and passes", () => {
    const read = foldShapes(readModel(writeModel(model())), { batch: 3 });
    expect(read.initializers.get("weight")).toEqual(model().initializers.get("weight"));
    expect(read.initializers.get("zero")).toEqual(model().initializers.get("zero"));
    expect(read.nodes.map(({ op }) => op)).toEqual(["DequantizeLinear", "MatMul"]);
    expect(read.outputs[0]!.dims).toEqual([3, 2]);
  });
  it("are read from int32_data, as ONNX writes bytes without raw data", () => {
    const file = onnx.ModelProto.decode(writeModel(model()));
    const weight = file.graph!.initializer!.find(({ name }) => name === "weight")!;
    weight.int32Data = Array.from(new Int8Array(weight.rawData!));
    weight.rawData = null;
    const read = readModel(onnx.ModelProto.encode(file).finish());
    expect(read.initializers.get("weight")).toEqual(model().initializers.get("weight"));
  });
  it("let gradients pass, and have none", () => {
    const g = graphBuilder(model());
    const loss = reduceSum(g, g.value(model().outputs[0]!.name), [0, 1], false);
    const graph = g.finish([loss]);
    expect(Object.keys(differentiate(graph, loss.name, ["x"], { batch: 2 }).gradients)).toEqual(["x"]);
    const added = differentiate(graph, loss.name, ["x"], { batch: 2 }).graph.nodes.slice(graph.nodes.length);
    expect(added.some(({ op }) => op === "DequantizeLinear" || op === "Cast")).toBe(false);
  });
  it("refuse scales that do not fit, and floats", () => {
    const g = builder(13);
    const weight = g.parameter("weight", tensor("int8", [4, 2], new Int8Array(8)));
    const scales = g.constant(float32([3], [1, 2, 3]));
    expect(() => g.op("DequantizeLinear", [weight, scales], { axis: 0 })).toThrow("scales of [3] do not fit axis 0");
    expect(() => g.op("DequantizeLinear", [g.input("x", "float32", [2]), g.scalar(1)])).toThrow('"x" is float32');
    expect(() => g.op("QuantizeLinear", [g.input("y", "float32", [2]), g.scalar(1), g.ints([0])])).toThrow("to int64");
  });
  it("have no gradient through rounding, and the refusal says so", () => {
    const g = builder(13);
    const x = g.input("x", "float32", [2]);
    const y = g.op("DequantizeLinear", [g.op("QuantizeLinear", [x, g.scalar(1)]), g.scalar(1)]);
    const loss = reduceSum(g, y, [0], false);
    expect(() => differentiate(g.finish([loss]), loss.name, ["x"])).toThrow(
      /\(DequantizeLinear\): there is no gradient through the quantised value "QuantizeLinear"/,
    );
  });
});

it("operators that draw random numbers are refused by name", () => {
  for (const op of [
    "RandomNormal",
    "RandomUniform",
    "RandomNormalLike",
    "RandomUniformLike",
    "Multinomial",
    "Bernoulli",
  ]) {
    const g = builder();
    expect(() => g.op(op, [g.input("x", "float32", [2])])).toThrow(new RegExp(`uses operator ${op} .*not supported`));
  }
});

it("a fused product has the shape of its turned operands", () => {
  const g = builder();
  const inputs = [g.input("a", "float32", [3, "batch", 4]), g.input("b", "float32", ["batch", 5, 4])];
  expect(g.op("FusedMatMul", inputs, { transBatchA: 1, transB: 1 }, "com.microsoft").dims).toEqual(["batch", 3, 5]);
});

it("lengths of ReverseSequence and axes are checked", () => {
  const g = builder();
  const inputs = [g.input("x", "float32", [2, 3]), g.constant(int64([2], [1, 2]))];
  expect(() => g.op("ReverseSequence", inputs, { time_axis: 1, batch_axis: 1 })).toThrow(
    "expected time_axis and batch_axis",
  );
});
