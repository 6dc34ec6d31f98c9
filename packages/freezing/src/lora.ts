import type { FreezingStrategy, PlainOptions } from "@graft-ml/core";
import { adapterStrategy } from "./adapter-strategy.ts";
import { lora as adapter } from "./adapters/lora.ts";

/**
 * Every layer stays; a product of two thin matrices is trained beside its kernels (LoRA: Hu et al., ICLR 2022) and merged at the end.
 * `groups`: in the last groups only, which keeps the part below cached. Other options (`r`, `alpha`, `targets`, ...) are the adapter's.
 */
export function lora(options: PlainOptions = {}): FreezingStrategy {
  return adapterStrategy(adapter, options, { known: ["r", "alpha", "rslora", "targets", "columns"], rate: 1e-3 });
}
