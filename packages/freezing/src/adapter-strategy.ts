import {
  type Adapter,
  type Factory,
  type FreezingStrategy,
  numberOption,
  onlyOptions,
  type PlainOptions,
} from "@graft-ml/core";
import { upperGroups } from "./upper-groups.ts";

/** What a strategy knows of its adapter. */
export interface AdapterTraits {
  /** Names of the adapter's own options. */
  readonly known: readonly string[];
  /** Peak learning rate that suits its parts. */
  readonly rate: number;
}

/**
 * A strategy that leaves every layer as it is and trains an adapter in all groups, or the last `groups`. Other options are the adapter's,
 * which refuses wrong ones here rather than in training.
 */
export function adapterStrategy(
  adapter: Factory<Adapter>,
  options: PlainOptions,
  { known, rate }: AdapterTraits,
): FreezingStrategy {
  const { groups: _, ...own } = options;
  const { name, summary } = adapter(
    Object.fromEntries(Object.entries(own).filter(([option]) => known.includes(option))),
  );
  const where = `freezing/${name}`;
  onlyOptions(where, options, ["groups", ...known]);
  const count = numberOption(where, options, "groups", 0, { min: 1, integer: true });
  return {
    name,
    summary,
    plan(groups) {
      const names = upperGroups(where, groups, count).map((group) => group.name);
      const adapters = [{ adapter: name, groups: names, options: own }];
      return { strategy: name, phases: [{ groups: [], adapters, normalization: "frozen" }], rate };
    },
  };
}
