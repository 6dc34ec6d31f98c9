import type { FreezingStrategy, PlainOptions } from "@graft-ml/core";
import { adapterStrategy } from "./adapter-strategy.ts";
import { bottleneckAdapter as adapter } from "./adapters/bottleneck-adapter.ts";

/**
 * Every layer stays; small networks with a narrow middle are trained behind them (Houlsby et al., ICML 2019) and stay in the model.
 * `groups`: in the last groups only, which keeps the part below cached. Other options are the adapter's.
 */
export function bottleneckAdapter(options: PlainOptions = {}): FreezingStrategy {
  return adapterStrategy(adapter, options, { known: ["size", "reduction", "activation"], rate: 1e-3 });
}
