import { type BackboneSource, fail, float32 } from "@graft-ml/core";
import { describe, expect, it, test } from "vitest";
import { runChecks } from "./check.ts";
import { checkSource, type SourceCheckOptions } from "./check-source.ts";
import { failureOf } from "./failing.fixture.ts";
import { tinyBackbone } from "./freezing/tiny-backbone.ts";

const source = (load: BackboneSource["load"]): BackboneSource => ({ name: "tiny", summary: "random weights", load });
const good = (): BackboneSource => source(async () => tinyBackbone());
const refusing = (message: string) => (): BackboneSource =>
  source(async () => {
    throw fail("sources/tiny", message);
  });
const kept: SourceCheckOptions = {
  name: "tiny",
  otherHash: refusing("expected weights with sha256 0; received 1"),
  offline: refusing("tiny is not in the cache, and may not be downloaded"),
};

describe("a good source", () => runChecks(checkSource(good, kept), test));

const HASH = "weights with another hash are refused";
const OFFLINE = "offline, what is not here is refused";

describe("each defect is caught by the check of its name", () => {
  it("another backbone at the second load", async () => {
    let loads = 0;
    const changing = (): BackboneSource =>
      source(async () => {
        const backbone = tinyBackbone();
        const initializers = new Map(backbone.graph.initializers);
        const [[name, first]] = [...initializers] as [[string, ReturnType<typeof float32>]];
        if (loads++ > 0) initializers.set(name, float32(first.dims, (first.data as Float32Array).slice().fill(0.5)));
        return { ...backbone, graph: { ...backbone.graph, initializers } };
      });
    expect(await failureOf(checkSource(changing, kept), "loading twice gives the same backbone")).toContain(
      "expected the initializers of a second load to be the same bits",
    );
  });

  it("another card at the second load", async () => {
    let loads = 0;
    const changing = (): BackboneSource =>
      source(async () => {
        const backbone = tinyBackbone();
        return { ...backbone, card: { ...backbone.card, title: `load ${loads++}` } };
      });
    expect(await failureOf(checkSource(changing, kept), "loading twice gives the same backbone")).toContain(
      "expected the same card, nodes and groups; they differ",
    );
  });

  it.each([
    ["other weights that are taken", { otherHash: good }, HASH, "expected the weights to be refused; they were taken"],
    [
      "a refusal that does not name the hash",
      { otherHash: refusing("no") },
      HASH,
      'expected a refusal that says who speaks and names the sha256; received "[sources/tiny] no"',
    ],
    [
      "a refusal by nobody",
      {
        offline: () =>
          source(async () => {
            throw new Error("getaddrinfo ENOTFOUND");
          }),
      },
      OFFLINE,
      'expected a refusal that says who speaks; received "getaddrinfo ENOTFOUND"',
    ],
    ["a check that nobody can make", { name: "tiny" }, OFFLINE, "give the option offline, or skip this check"],
  ] satisfies [string, SourceCheckOptions, string, string][])("%s", async (_, options, check, message) => {
    const all = "name" in options ? options : { ...kept, ...options };
    expect(await failureOf(checkSource(good, all), check)).toContain(message);
  });

  it("unless it is skipped with a reason", async () => {
    const skip = [{ check: OFFLINE, reason: "weights come with the package" }];
    const names = checkSource(good, { ...kept, skip }).map(({ name }) => name);
    expect(names).toContain(`${OFFLINE} (skipped: weights come with the package)`);
  });
});
