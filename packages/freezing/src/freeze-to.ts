import {
  type FreezingStrategy,
  fail,
  type LayerGroup,
  onlyOptions,
  type PlainOptions,
  unknownName,
} from "@graft-ml/core";
import { normalizationOption, thawed } from "./upper-groups.ts";

const WHERE = "freezing/freeze-to";

/**
 * Everything up to `group` stays frozen, everything after it trains. `group` is the name of the last frozen group, or how many groups
 * are frozen; a negative number counts those that train (as `freeze_to` of Howard & Gugger, 2020). Default: half of the groups.
 */
export function freezeTo(options: PlainOptions = {}): FreezingStrategy {
  onlyOptions(WHERE, options, ["group", "normalization"]);
  const { group } = options;
  if (group !== undefined && typeof group !== "string" && !Number.isInteger(group)) {
    throw fail(
      WHERE,
      `expected group to be the name of a layer group or a whole number of them; received ${JSON.stringify(group)}`,
    );
  }
  const normalization = normalizationOption(WHERE, options);
  return {
    name: "freeze-to",
    summary: "freeze up to a layer group, by name or number, and train what is above it",
    plan(groups) {
      const frozen = frozenCount(groups, group as string | number | undefined);
      return { strategy: "freeze-to", phases: [{ groups: thawed(groups.slice(frozen)), normalization }] };
    },
  };
}

function frozenCount(groups: readonly LayerGroup[], group: string | number | undefined): number {
  if (group === undefined) return Math.floor(groups.length / 2);
  const names = groups.map(({ name }) => name);
  if (typeof group === "string") {
    if (!names.includes(group)) throw unknownName(WHERE, "layer group", group, names);
    return names.indexOf(group) + 1;
  }
  if (Math.abs(group) > groups.length) {
    throw fail(
      WHERE,
      `expected group from -${groups.length} to ${groups.length}, the backbone's number of layer groups; received ${group}`,
    );
  }
  return group < 0 ? groups.length + group : group;
}
