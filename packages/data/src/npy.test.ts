import { float32, int64, tensor } from "@graft-ml/core";
import { expect, test } from "vitest";
import { npyBytes } from "./npy.ts";

// Expected bytes: numpy.save of NumPy 2.4.6, arrays as in each case.
const SAVED: readonly (readonly [string, Parameters<typeof npyBytes>[0], string])[] = [
  [
    "[[1.5, -2, 0.25], [3, 4, 5]], float32",
    float32([2, 3], [1.5, -2, 0.25, 3, 4, 5]),
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY0JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsIDMpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAMA/AAAAwAAAgD4AAEBAAACAQAAAoEA=",
  ],
  [
    "[7, -1], int64",
    int64([2], [7, -1]),
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGk4JywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKDIsKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoHAAAAAAAAAP//////////",
  ],
  [
    "a scalar, uint8",
    tensor("uint8", [], Uint8Array.of(9)),
    "k05VTVBZAQB2AHsnZGVzY3InOiAnfHUxJywgJ2ZvcnRyYW5fb3JkZXInOiBGYWxzZSwgJ3NoYXBlJzogKCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoJ",
  ],
];

test.each(SAVED)("%s", (_, array, base64) => {
  expect(Buffer.from(npyBytes(array)).toString("base64")).toBe(base64);
});

test("refuses what NumPy does not have, and arrays of another size", () => {
  expect(() => npyBytes(tensor("bfloat16", [1], Uint16Array.of(0)))).toThrow(
    "[data/npy] expected a type that NumPy has; received bfloat16",
  );
  expect(() => npyBytes({ dtype: "float32", dims: [3], data: Float32Array.of(1, 2) })).toThrow(
    "[data/npy] expected 3 elements for [3]; received 2",
  );
});
