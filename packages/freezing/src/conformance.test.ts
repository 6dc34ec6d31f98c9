import { kebabCase, type PlainOptions } from "@graft-ml/core";
import { checkBarrel, checkFreezing, runChecks } from "@graft-ml/testing";
import { describe, test } from "vitest";
import * as strategies from "./index.ts";

/** Options worth trying beside the defaults, by strategy. */
const OPTIONS: Readonly<Record<string, { valid?: readonly PlainOptions[]; invalid?: readonly PlainOptions[] }>> = {
  full: { valid: [{ normalization: "live" }], invalid: [{ normalization: "thawed" }, { normalization: 1 }] },
  last: {
    valid: [{ groups: 1 }, { groups: 18, normalization: "live" }],
    invalid: [{ groups: 0 }, { groups: 1.5 }, { groups: "2" }, { normalization: "thawed" }],
  },
};

describe.each(Object.entries(strategies))("%s", (key, factory) => {
  const { valid = [], invalid = [] } = OPTIONS[key] ?? {};
  const options = { name: kebabCase(key), validOptions: valid, invalidOptions: invalid };
  runChecks(checkFreezing(factory, options), test);
});

describe.each([
  { factory: strategies.full, options: { normalization: "live" } },
  { factory: strategies.last, options: { groups: 1, normalization: "live" } },
])("$factory.name with live normalisation", ({ factory, options }) => {
  runChecks(checkFreezing(factory, { options }), test);
});

describe("the barrel", () => runChecks(checkBarrel(strategies, import.meta.dirname), test));
