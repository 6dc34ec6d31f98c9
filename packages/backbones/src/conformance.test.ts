import { kebabCase } from "@graft-ml/core";
import { checkBackbone, checkBarrel, runChecks } from "@graft-ml/testing";
import { describe, test } from "vitest";
import * as backbones from "./index.ts";

describe.each(Object.entries(backbones))("%s", (key, factory) => {
  runChecks(checkBackbone(factory, { name: kebabCase(key) }), test);
});

describe("the barrel", () => runChecks(checkBarrel(backbones, import.meta.dirname), test));
