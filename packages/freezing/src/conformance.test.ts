import { type Factory, type FreezingStrategy, kebabCase, type PlainOptions } from "@graft-ml/core";
import { checkBarrel, checkFreezing, runChecks } from "@graft-ml/testing";
import { describe, test } from "vitest";
import * as barrel from "./index.ts";

const { adapters, ...strategies } = barrel;

/** Options worth trying beside the defaults, by strategy. */
const OPTIONS: Readonly<Record<string, { valid?: readonly PlainOptions[]; invalid?: readonly PlainOptions[] }>> = {
  full: {
    valid: [{ normalization: "live" }, { normalization: "affine" }],
    invalid: [{ normalization: "thawed" }, { normalization: 1 }],
  },
  last: {
    valid: [{ groups: 1 }, { groups: 18, normalization: "live" }],
    invalid: [{ groups: 0 }, { groups: 1.5 }, { groups: "2" }, { normalization: "thawed" }],
  },
  freezeTo: {
    valid: [{ group: 0 }, { group: 18 }, { group: -3 }, { group: "blocks.4" }, { normalization: "affine" }],
    invalid: [{ group: 1.5 }, { group: true }, { group: null }, { normalization: "thawed" }],
  },
  discriminative: {
    valid: [{ decay: 1 }, { decay: 1 / 2.6, groups: 4 }, { normalization: "live" }],
    invalid: [{ decay: 0 }, { decay: 1.1 }, { decay: "0.5" }, { groups: 0 }, { normalization: "thawed" }],
  },
  gradualUnfreezing: {
    valid: [{ epochs: 2 }, { groups: 3 }, { decay: 1 / 2.6, normalization: "affine" }],
    invalid: [{ epochs: 0 }, { epochs: 1.5 }, { groups: 0 }, { decay: 2 }, { normalization: "thawed" }],
  },
  lpFt: {
    valid: [{ probe: 2 }, { rate: 0.1, groups: 3 }, { normalization: "affine" }],
    invalid: [{ probe: 0 }, { probe: 1.5 }, { rate: 0 }, { groups: 0 }, { normalization: "thawed" }],
  },
  bitfit: { valid: [{ groups: 2 }], invalid: [{ groups: 0 }] },
  normOnly: { valid: [{ groups: 2, normalization: "live" }], invalid: [{ groups: 0 }, { normalization: "frozen" }] },
  lora: { valid: [{ groups: 2, r: 4 }], invalid: [{ groups: 0 }, { r: 0 }] },
  ia3: { valid: [{ groups: 2 }], invalid: [{ groups: 0 }] },
  bottleneckAdapter: { valid: [{ groups: 2, size: 2 }], invalid: [{ groups: 0 }, { size: 0 }] },
  selective: {
    valid: [{ budget: 100 }, { share: 0.2 }, { least: 0, normalization: "affine" }],
    invalid: [{ budget: -1 }, { budget: "10" }, { share: 0 }, { share: 2 }, { least: -1 }, { normalization: "thawed" }],
  },
  planned: {
    valid: [{ plan: { phases: [{ groups: [{ name: "blocks.3", rate: 0.5 }], normalization: "affine" }] } }],
    invalid: [{ plan: null }, { plan: [] }, { plan: { phases: [] } }],
  },
};

/** Options that a strategy cannot be checked without. */
const NEEDED: Readonly<Record<string, PlainOptions>> = {
  planned: {
    plan: {
      strategy: "last",
      phases: [
        { groups: [], normalization: "frozen", epochs: 2 },
        { groups: [{ name: "blocks.0", rate: 0.5 }], roles: ["kernel", "shift"], normalization: "affine" },
      ],
    },
  },
};

describe.each(Object.entries(strategies))("%s", (key, factory) => {
  const { valid = [], invalid = [] } = OPTIONS[key] ?? {};
  const options = { name: kebabCase(key), validOptions: valid, invalidOptions: invalid, adapters };
  runChecks(checkFreezing(factory, { ...options, ...(NEEDED[key] && { options: NEEDED[key] }) }), test);
});

const LIVE: readonly [Factory<FreezingStrategy>, PlainOptions][] = [
  [barrel.full, { normalization: "live" }],
  [barrel.full, { normalization: "affine" }],
  [barrel.last, { groups: 1, normalization: "live" }],
  [barrel.normOnly, { normalization: "live" }],
  [barrel.lpFt, { normalization: "affine" }],
];

describe.each(LIVE)("%o with %o", (factory, options) => {
  runChecks(checkFreezing(factory, { options }), test);
});

describe("the barrel", () => runChecks(checkBarrel(strategies, import.meta.dirname), test));
