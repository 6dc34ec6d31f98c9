import { fail } from "./errors.ts";
import type { Random } from "./types.ts";

/** A seeded stream (sfc32, Chris Doty-Humphrey's PractRand); the same seed gives the same numbers on every platform. */
export function seededRandom(seed: number | string): Random {
  return stream(scramble(String(seed)));
}

function stream(start: readonly number[]): Random {
  const [seedA, seedB, seedC] = start as [number, number, number];
  let [a, b, c, counter] = start as [number, number, number, number];
  // The Box-Muller twin of the last normal; part of the state, so that a restored stream goes on exactly.
  let spare = Number.NaN;

  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return t >>> 0;
  };

  const random: Random = {
    uniform: () => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992,
    normal() {
      if (!Number.isNaN(spare)) {
        const value = spare;
        spare = Number.NaN;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
      const angle = 2 * Math.PI * random.uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
    integer(below) {
      if (!Number.isSafeInteger(below) || below < 1) {
        throw fail("core/random", `expected below to be a positive integer; received ${below}`);
      }
      return Math.floor(random.uniform() * below);
    },
    shuffle(items) {
      for (let i = items.length - 1; i > 0; i--) {
        const j = random.integer(i + 1);
        [items[i], items[j]] = [items[j]!, items[i]!];
      }
      return items;
    },
    fork: (purpose) => stream(scramble(`${seedA},${seedB},${seedC}/${purpose}`)),
    state: () => [a, b, c, counter, spare],
    restore(state) {
      if (state.length !== 5) throw fail("core/random", `expected a state of 5 numbers; received ${state.length}`);
      [a, b, c, counter, spare] = state as [number, number, number, number, number];
    },
  };
  for (let i = 0; i < 12; i++) next();
  return random;
}

/** Spreads a text over the 128 bits of the state (FNV-1a with four offsets). */
function scramble(text: string): number[] {
  return [0x811c9dc5, 0x9dc5811c, 0x1234567, 0x7654321].map((offset) => {
    let hash = offset;
    for (let i = 0; i < text.length; i++) {
      hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
      hash ^= hash >>> 13;
    }
    return hash | 0;
  });
}
