import type { FreezingStrategy, PlainOptions } from "@graft-ml/core";
import { adapterStrategy } from "./adapter-strategy.ts";
import { ia3 as adapter } from "./adapters/ia3.ts";

/**
 * Every layer stays; vectors that scale keys, values and inner activations are trained (IA³: Liu et al., NeurIPS 2022) and merged at the
 * end. `groups`: in the last groups only, which keeps the part below cached. Other options are the adapter's.
 */
export function ia3(options: PlainOptions = {}): FreezingStrategy {
  return adapterStrategy(adapter, options, { known: ["targets", "feedforward", "columns"], rate: 5e-3 });
}
