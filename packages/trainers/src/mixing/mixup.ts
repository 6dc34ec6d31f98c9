import { numberOption, onlyOptions, type PlainOptions } from "@graft-ml/core";
import { symmetricBeta } from "./beta.ts";
import type { MixedValues, Mixing } from "./mixing.ts";

const WHERE = "trainers/mixup";

/**
 * Blends every sample with another, `λ·a + (1 − λ)·b` with one λ ~ Beta(alpha, alpha) a batch (mixup, Zhang et al., ICLR 2018): of
 * pixels where the first layer trains, of values at the boundary elsewhere (manifold mixup, Verma et al., ICML 2019). Default: alpha 0.2.
 */
export function mixup(options: PlainOptions = {}): Mixing {
  onlyOptions(WHERE, options, ["alpha"]);
  const alpha = numberOption(WHERE, options, "alpha", 0.2, { min: 0.001, max: 1000 });
  return {
    name: "mixup",
    summary: "blend every sample with another one of its batch, and their losses",
    options: { alpha },
    mix(values, partners, { random }) {
      const share = symmetricBeta(alpha, random);
      return { values: blend(values, partners, share), share };
    },
  };
}

/** `share` of every sample and the rest of its partner. */
export function blend({ data, dims }: MixedValues, partners: readonly number[], share: number): Float32Array {
  const each = data.length / dims[0]!;
  const values = new Float32Array(data.length);
  for (const [i, partner] of partners.entries()) {
    const [own, other] = [i * each, partner * each];
    for (let k = 0; k < each; k++) values[own + k] = share * data[own + k]! + (1 - share) * data[other + k]!;
  }
  return values;
}
