import { kebabCase, type PlainOptions } from "@graft-ml/core";
import { checkAdapter, checkBarrel, runChecks } from "@graft-ml/testing";
import { describe, test } from "vitest";
import * as adapters from "./index.ts";

interface Options {
  readonly valid: readonly PlainOptions[];
  readonly invalid: readonly PlainOptions[];
  readonly unmatched?: readonly PlainOptions[];
}

const OPTIONS: Readonly<Record<string, Options>> = {
  lora: {
    valid: [{ r: 1, alpha: 0.5 }, { rslora: true, targets: "*query*" }, { targets: ["*wider*", "*back*"] }],
    invalid: [
      { r: 0 },
      { r: 1.5 },
      { alpha: -1 },
      { rslora: 1 },
      { targets: "" },
      { targets: [] },
      { targets: [1] },
      { columns: "query,output" },
      { columns: "key,key" },
    ],
    unmatched: [{ targets: "*qeury*" }, { targets: ["*query*", "attention"] }],
  },
  ia3: {
    valid: [{ targets: "*query*", feedforward: false }, { feedforward: "*back*" }],
    invalid: [{ targets: 3 }, { feedforward: true }, { columns: "all" }],
    unmatched: [{ targets: "*kye*" }, { feedforward: "*bakc*" }],
  },
  bottleneckAdapter: {
    valid: [{ size: 1 }, { reduction: 2, activation: "relu" }],
    invalid: [{ size: 0 }, { size: 2.5 }, { reduction: 0 }, { activation: "swish" }],
  },
};

describe.each(Object.entries(adapters))("%s", (key, factory) => {
  const { valid, invalid, unmatched = [] } = OPTIONS[key]!;
  const options = { name: kebabCase(key), validOptions: valid, invalidOptions: invalid, unmatched };
  runChecks(checkAdapter(factory, options), test);
});

describe.each([
  { factory: adapters.lora, options: { r: 2, alpha: 3, rslora: true, targets: "*" } },
  { factory: adapters.ia3, options: { targets: "*", feedforward: false } },
  { factory: adapters.bottleneckAdapter, options: { size: 3, activation: "relu" } },
])("$factory.name with $options", ({ factory, options }) => {
  runChecks(checkAdapter(factory, { options }), test);
});

describe("the barrel", () => runChecks(checkBarrel(adapters, import.meta.dirname), test));
