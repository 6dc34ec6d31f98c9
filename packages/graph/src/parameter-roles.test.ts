import { float32, type Tensor, type Value } from "@graft-ml/core";
import { describe, expect, it } from "vitest";
import { graphBuilder, type OpenGraph } from "./builder.ts";
import { reduceMean, reshape } from "./emit.ts";
import { parameterRoles } from "./parameter-roles.ts";

const WIDTH = 4;
const ones = (...dims: number[]): Tensor => float32(dims, new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(1));

/** Roles of the parameters, named as they are below, of what `build` makes of a value `[2, 3, 4]`. */
function roles(build: (g: OpenGraph, x: Value, p: (name: string, ...dims: number[]) => Value) => Value): unknown {
  const g = graphBuilder();
  const x = g.input("x", "float32", [2, 3, WIDTH]);
  const names: string[] = [];
  const p = (name: string, ...dims: number[]): Value => {
    names.push(name);
    return g.parameter(name, ones(...(dims.length === 0 ? [WIDTH] : dims)));
  };
  const found = parameterRoles(g.finish([build(g, x, p)]));
  return Object.fromEntries(names.map((name) => [name, found.get(name)]));
}

/** Mean and 1 / √(variance + ε) over the last axis. */
function moments(g: OpenGraph, x: Value): { centred: Value; mean: Value; deviation: Value } {
  const mean = reduceMean(g, x, [2], true);
  const centred = g.op("Sub", [x, mean]);
  const variance = reduceMean(g, g.op("Mul", [centred, centred]), [2], true);
  return { centred, mean, deviation: g.op("Sqrt", [g.op("Add", [variance, g.scalar(1e-5)])]) };
}

describe("normalisation written out", () => {
  it("is recognised as older exporters write it", () => {
    expect(
      roles((g, x, p) => {
        const { centred, deviation } = moments(g, x);
        return g.op("Add", [g.op("Mul", [p("scale"), g.op("Div", [centred, deviation])]), p("shift")]);
      }),
    ).toEqual({ scale: "scale", shift: "shift" });
  });

  it("is recognised as TensorFlow writes it: x · (γ/σ) + (β − μ · (γ/σ))", () => {
    expect(
      roles((g, x, p) => {
        const { mean, deviation } = moments(g, x);
        const factor = g.op("Mul", [g.op("Reciprocal", [deviation]), p("gamma")]);
        const rest = g.op("Sub", [p("beta"), g.op("Mul", [mean, factor])]);
        return g.op("Add", [g.op("Mul", [x, factor]), rest]);
      }),
    ).toEqual({ gamma: "scale", beta: "shift" });
  });

  it("is recognised by the root mean square", () => {
    expect(
      roles((g, x, p) => {
        const square = reduceMean(g, g.op("Mul", [x, x]), [2], true);
        const inverse = g.op("Div", [g.scalar(1), g.op("Sqrt", [g.op("Add", [square, g.scalar(1e-6)])])]);
        return g.op("Mul", [p("scale"), g.op("Cast", [g.op("Mul", [x, inverse])], { to: 1 })]);
      }),
    ).toEqual({ scale: "scale" });
  });

  it("in groups has its own affine map, not that of the operator inside", () => {
    expect(
      roles((g, x, p) => {
        const inner = g.op("InstanceNormalization", [reshape(g, x, [2, 2, 6]), p("ones", 2), p("zeros", 2)]);
        const whole = reshape(g, inner, [2, 3, 4]);
        return g.op("Add", [g.op("Mul", [whole, p("scale", 3, 1)]), p("shift", 3, 1)]);
      }),
    ).toEqual({ ones: "other", zeros: "other", scale: "scale", shift: "shift" });
  });

  it("is not any product with a vector, nor any sum", () => {
    expect(
      roles((g, x, p) => {
        const ratio = g.op("Div", [x, g.op("Exp", [x])]);
        return g.op("Add", [g.op("Mul", [ratio, p("layerScale")]), p("offset")]);
      }),
    ).toEqual({ layerScale: "other", offset: "other" });
  });
});

describe("kernels and biases", () => {
  it("are found through what is computed from them alone", () => {
    expect(
      roles((g, x, p) => {
        const turned = g.op("Transpose", [p("turned", WIDTH, WIDTH)], { perm: [1, 0] });
        const [first] = [g.op("Slice", [p("merged", WIDTH, 2 * WIDTH), g.ints([0]), g.ints([WIDTH]), g.ints([1])])];
        const y = g.op("MatMul", [g.op("MatMul", [x, turned]), first]);
        return g.op("Add", [g.op("Cast", [p("bias")], { to: 1 }), reshape(g, y, [6, WIDTH])]);
      }),
    ).toEqual({ turned: "kernel", merged: "kernel", bias: "bias" });
  });

  it("are found behind integers, whose scale is no kernel", () => {
    const g = graphBuilder();
    const x = g.input("x", "float32", [2, 2]);
    const integers = g.parameter("integers", { dtype: "int8", dims: [2, 2], data: new Int8Array(4) });
    const weight = g.op("DequantizeLinear", [integers, g.parameter("step", float32([], [0.1]))]);
    const found = parameterRoles(g.finish([g.op("MatMul", [x, weight])]));
    expect(Object.fromEntries(found)).toEqual({ integers: "kernel", step: "other" });
  });

  it("are not what is added along another axis, or one number for all", () => {
    expect(
      roles((g, x, p) => {
        const product = g.op("MatMul", [x, p("kernel", WIDTH, WIDTH)]);
        return g.op("Add", [g.op("Add", [product, p("positions", 3, WIDTH)]), p("one", 1)]);
      }),
    ).toEqual({ kernel: "kernel", positions: "other", one: "other" });
  });
});

it("tells a table that is looked up, whatever else is done with it later", () => {
  const g = graphBuilder();
  const ids = g.input("ids", "int64", [2, 3]);
  const words = g.parameter("words", ones(10, WIDTH));
  const looked = g.op("Gather", [words, ids], { axis: 0 });
  const logits = g.op("MatMul", [looked, g.op("Transpose", [words], { perm: [1, 0] })]);
  expect(Object.fromEntries(parameterRoles(g.finish([logits])))).toEqual({ words: "embedding" });
});
