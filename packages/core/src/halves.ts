import { floatToHalf, halfToFloat } from "./tensors.ts";

let table: Float32Array | undefined;

/** Widens halves, given as bits, to float32; a table makes it fast for whole weight files. */
export function widenHalves(bits: Uint16Array, into: Float32Array = new Float32Array(bits.length)): Float32Array {
  table ??= Float32Array.from({ length: 65536 }, (_, i) => halfToFloat(i));
  for (let i = 0; i < bits.length; i++) into[i] = table[bits[i]!]!;
  return into;
}

/** Rounds float32 values to halves (nearest, ties to even), as bits; values beyond 65504 become infinite. */
export function narrowHalves(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const magnitude = word & 0x7fffffff;
    // The common case inline: normal halves. Everything else is rare.
    if (magnitude >= 0x38800000 && magnitude < 0x477ff000) {
      bits[i] = ((word >>> 16) & 0x8000) | ((magnitude + 0xfff + ((magnitude >>> 13) & 1) - 0x38000000) >>> 13);
    } else if (magnitude === 0) {
      bits[i] = (word >>> 16) & 0x8000;
    } else {
      bits[i] = floatToHalf(values[i]!);
    }
  }
  return bits;
}
