import { float32, int64, tensor } from "@graft-ml/core";
import { expect, test } from "vitest";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

function file(header: unknown, data = 0): Uint8Array {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = Buffer.alloc(8 + json.length + data);
  bytes.writeBigUInt64LE(BigInt(json.length));
  json.copy(bytes, 8);
  return bytes;
}

const f32 = (shape: unknown, begin: number, end: number) => ({ dtype: "F32", shape, data_offsets: [begin, end] });

test("gives back what was written, with its metadata", () => {
  const tensors = {
    "head.weight": float32([2, 3], [1, 2, 3, 4, 5, 6]),
    step: int64([], [7]),
    halves: tensor("float16", [3], Uint16Array.of(1, 2, 3)),
    mask: tensor("bool", [1], Uint8Array.of(1)),
    empty: float32([0, 4], []),
  };
  const read = readSafetensors(writeSafetensors(tensors, { epoch: "3" }));
  expect(read.metadata).toEqual({ epoch: "3" });
  expect(read.tensors).toEqual(tensors);
});

test("reads from bytes that lie at an odd address", () => {
  const bytes = writeSafetensors({ a: float32([2], [1.5, 2.5]) });
  const shifted = Buffer.concat([Buffer.of(0), bytes]).subarray(1);
  expect(readSafetensors(shifted).tensors.a?.data).toEqual(Float32Array.of(1.5, 2.5));
});

test("keeps names that are also JavaScript's", () => {
  const read = readSafetensors(writeSafetensors(Object.fromEntries([["__proto__", float32([1], [1])]])));
  expect(Object.keys(read.tensors)).toEqual(["__proto__"]);
});

test("refuses to write a tensor that does not fill its shape", () => {
  expect(() => writeSafetensors({ a: { dtype: "float32", dims: [3], data: Float32Array.of(1) } })).toThrow(
    '[data/safetensors] expected 3 elements for "a" [3]; received 1',
  );
});

test.each<[string, Uint8Array, string]>([
  ["too short", Uint8Array.of(1, 2), "expected at least 8 bytes; received 2. The file is cut short"],
  [
    "a huge header",
    Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255),
    "expected a header of at most 16777216 bytes; received 18446744073709551615. It is no safetensors file",
  ],
  [
    "a header beyond the file",
    Uint8Array.of(100, 0, 0, 0, 0, 0, 0, 0, 1),
    "expected a header of 100 bytes; received a file of 9. The file is cut short",
  ],
  ["no JSON", file("{oops"), "expected a JSON header; received other bytes. It is no safetensors file, or damaged"],
  ["a list", file([]), "expected a JSON object as header; received []"],
  [
    "a name twice",
    file(
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0061":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
      4,
    ),
    'expected each name once; received "a" twice',
  ],
  [
    "metadata with numbers",
    file({ __metadata__: { a: 1 } }),
    'expected __metadata__ to hold text only; received {"a":1}',
  ],
  [
    "an unknown dtype",
    file({ a: { dtype: "F8", shape: [1], data_offsets: [0, 1] } }, 1),
    'expected "a" to have a dtype of F32, F64, F16, BF16, I8, I16, I32, I64, U8, U16, U32, U64, BOOL; received "F8"',
  ],
  ["null for a tensor", file({ a: null }), "received nothing"],
  ["a negative size", file({ a: f32([-1], 0, 4) }, 4), 'expected "a" to have a shape of whole numbers; received [-1]'],
  ["a size that is no number", file({ a: f32(["1"], 0, 4) }, 4), 'to have a shape of whole numbers; received ["1"]'],
  [
    "a product that overflows",
    file({ a: f32([2 ** 40, 2 ** 40], 0, 4) }, 4),
    'expected "a" to have a shape of whole numbers; received [1099511627776,1099511627776]',
  ],
  [
    "offsets that do not fit the shape",
    file({ a: f32([2], 0, 4) }, 4),
    'expected "a" to have data_offsets 8 bytes apart; received [0,4]',
  ],
  [
    "offsets backwards",
    file({ a: f32([1], 4, 0) }, 4),
    'expected "a" to have data_offsets 4 bytes apart; received [4,0]',
  ],
  [
    "data cut short",
    file({ a: f32([2], 0, 8) }, 4),
    "expected 8 bytes of data; received 4. The file is cut short or too long",
  ],
  [
    "bytes behind the data",
    file({ a: f32([1], 0, 4) }, 5),
    "expected 4 bytes of data; received 5. The file is cut short or too long",
  ],
  [
    "overlapping tensors",
    file({ a: f32([2], 0, 8), b: f32([1], 4, 8) }, 8),
    'expected "b" to begin at byte 8; received 4: tensors overlap or leave a hole',
  ],
  [
    "a hole",
    file({ a: f32([1], 4, 8) }, 8),
    'expected "a" to begin at byte 0; received 4: tensors overlap or leave a hole',
  ],
])("refuses %s", (_, bytes, message) => {
  expect(() => readSafetensors(bytes)).toThrow(message);
});
