import { floatToHalf, halfToFloat } from "./tensors.ts";

let table: Float32Array | undefined;

/** Widens halves, given as bits, to float32; a table makes it fast for whole weight files. */
export function widenHalves(bits: Uint16Array, into: Float32Array = new Float32Array(bits.length)): Float32Array {
  table ??= Float32Array.from({ length: 65536 }, (_, i) => halfToFloat(i));
  for (let i = 0; i < bits.length; i++) into[i] = table[bits[i]!]!;
  return into;
}

/** Rounds float32 values to halves (nearest, ties to even), as bits; `undefined` where a value is not finite as a half. */
export function narrowHalves(values: Float32Array): Uint16Array | undefined {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const magnitude = word & 0x7fffffff;
    if (magnitude >= 0x477ff000) return undefined;
    // Normal halves, the bulk, by integers alone: rebias the exponent, round at the cut. Zeros come after any relu.
    if (magnitude >= 0x38800000) {
      bits[i] = ((word >>> 16) & 0x8000) | ((magnitude + 0xfff + ((magnitude >>> 13) & 1) - 0x38000000) >>> 13);
    } else bits[i] = magnitude === 0 ? (word >>> 16) & 0x8000 : floatToHalf(values[i]!);
  }
  return bits;
}
