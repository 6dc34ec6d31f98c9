import { type Factory, type Head, kebabCase, type PlainOptions } from "@graft-ml/core";
import { checkBarrel, checkHead, runChecks } from "@graft-ml/testing";
import { describe, test } from "vitest";
import * as heads from "./index.ts";

/** Options worth trying beside the defaults, by head. */
const OPTIONS: Readonly<Record<string, { valid?: readonly PlainOptions[]; invalid?: readonly PlainOptions[] }>> = {
  linear: { valid: [{ smoothing: 0.1 }], invalid: [{ smoothing: -0.1 }, { smoothing: 2 }, { smoothing: "0.1" }] },
  mlp: {
    valid: [{ hidden: 8 }, { hidden: [8, 4] }, { smoothing: 0.1 }],
    invalid: [
      { smoothing: 1.5 },
      { hidden: [] },
      { hidden: 0 },
      { hidden: [8, 1.5] },
      { hidden: "8" },
      { hidden: null },
    ],
  },
};

describe.each(Object.entries(heads))("%s", (key, factory) => {
  const { valid = [], invalid = [] } = OPTIONS[key] ?? {};
  const options = { name: kebabCase(key), validOptions: valid, invalidOptions: invalid };
  runChecks(checkHead(factory as Factory<Head>, options), test);
});

describe("the barrel", () => runChecks(checkBarrel(heads, import.meta.dirname), test));
