import { floatToHalf, halfToFloat } from "@graft-ml/core";

let widened: Float32Array | undefined;

/** Rounds float32 values to IEEE 754 halves (ties to even), as bits; undefined where a value is not finite as a half. */
export function toHalves(values: Float32Array): Uint16Array | undefined {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const b = bits[i]!;
    const magnitude = b & 0x7fffffff;
    if (magnitude >= 0x477ff000) return undefined;
    // Normal halves, the bulk, by integers alone: rebias the exponent, round at the cut. Zeros come after any relu.
    if (magnitude >= 0x38800000) {
      out[i] = ((b >>> 16) & 0x8000) | ((magnitude + 0xfff + ((magnitude >>> 13) & 1) - 0x38000000) >>> 13);
    } else out[i] = magnitude === 0 ? (b >>> 16) & 0x8000 : floatToHalf(values[i]!);
  }
  return out;
}

/** Widens halves, given as bits, into `out` from `offset` on. */
export function widenHalves(halves: Uint16Array, out: Float32Array, offset = 0): void {
  widened ??= Float32Array.from({ length: 65536 }, (_, bits) => halfToFloat(bits));
  const table = widened;
  for (let i = 0; i < halves.length; i++) out[offset + i] = table[halves[i]!]!;
}
