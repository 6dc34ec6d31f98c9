import { type BackboneSource, kebabCase, type Preprocessing } from "@graft-ml/core";
import { checkBarrel, checkSource, runChecks } from "@graft-ml/testing";
import { describe, test } from "vitest";
import { bundled, type WeightsPackage } from "./bundled.ts";
import * as backbones from "./index.ts";

const packages: Readonly<Record<string, () => Promise<WeightsPackage<Preprocessing>>>> = {
  efficientnetLite0: () => import("@graft-ml/weights-efficientnet-lite0"),
  minilmL6: () => import("@graft-ml/weights-minilm-l6"),
};

function withOtherHash(key: string): BackboneSource<Preprocessing> {
  return bundled(kebabCase(key), "the same weights", "none", async () => {
    const weights = await packages[key]!();
    return { ...weights, card: { ...weights.card, sha256: "0".repeat(64) } };
  });
}

describe.each(Object.entries(backbones))("%s", (key, factory) => {
  runChecks(
    checkSource(factory, {
      name: kebabCase(key),
      otherHash: () => withOtherHash(key),
      skip: [{ check: "offline, what is not here is refused", reason: "weights in a package need no network" }],
    }),
    test,
  );
});

describe("the barrel", () => runChecks(checkBarrel(backbones, import.meta.dirname), test));
