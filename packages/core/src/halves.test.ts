import { expect, test } from "vitest";
import { narrowHalves, widenHalves } from "./halves.ts";
import { seededRandom } from "./random.ts";
import { floatToHalf, halfToFloat } from "./tensors.ts";

test("agrees with the conversion of single values on every half and between them", () => {
  const finite = Array.from({ length: 65536 }, (_, bits) => bits).filter((bits) => Number.isFinite(halfToFloat(bits)));
  const random = seededRandom(1);
  const values = Float32Array.from(finite, (bits) => halfToFloat(bits) * (1 + random.normal() * 1e-4)).filter(
    (value) => Math.abs(value) < 65504,
  );
  expect(narrowHalves(values)).toEqual(Uint16Array.from(values, floatToHalf));

  const back = new Float32Array(finite.length + 1);
  widenHalves(Uint16Array.from(finite), back.subarray(1));
  expect(back.subarray(1)).toEqual(Float32Array.from(finite, halfToFloat));
});

test.each([65520, -70000, Number.POSITIVE_INFINITY, Number.NaN])("has no half for %s", (value) => {
  expect(narrowHalves(Float32Array.of(1, value))).toBeUndefined();
});

test("has a half for the largest value that rounds down", () => {
  expect(narrowHalves(Float32Array.of(65519))).toEqual(Uint16Array.of(0x7bff));
});
