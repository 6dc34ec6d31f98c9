import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Backbone, type BackboneSource, float32, type RunEvent } from "@graft-ml/core";
import { tinyBackbone } from "@graft-ml/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freezingStrategies, transfer } from "../index.ts";
import { pictureFolder } from "../pictures/pictures.fixture.ts";

const { selective } = freezingStrategies;

/** The tiny network, whose last kernel is dwarfed by its neighbours: the task pulls at it most. */
function lopsided(): Backbone {
  const backbone = tinyBackbone(3);
  const initializers = new Map(backbone.graph.initializers);
  const { dims, data } = initializers.get("blocks.2.conv.weight")!;
  initializers.set(
    "blocks.2.conv.weight",
    float32(
      dims,
      Float32Array.from(data as Float32Array, (value) => value / 50),
    ),
  );
  return { ...backbone, graph: { ...backbone.graph, initializers } };
}

const backbone: BackboneSource = { name: "tiny", summary: "for tests", load: async () => lopsided() };
let data: string;
let scratch: string;
beforeAll(async () => {
  data = await pictureFolder(8);
  scratch = await mkdtemp(join(tmpdir(), "graft-selective-"));
});
afterAll(async () => {
  await rm(data, { recursive: true, force: true });
  await rm(scratch, { recursive: true, force: true });
});

test("selective measures, trains what fits its budget, and says why", async () => {
  const events: RunEvent[] = [];
  const result = await transfer({
    ...{ data, backbone, cache: join(scratch, "cache"), epochs: 3, batch: 8, seed: 2 },
    freezing: selective({ budget: 1e6 }),
    control: { onEvent: (event) => void events.push(event) },
  });
  const { plan, groups, audit } = result.summary;
  await result.release();
  expect(events.some((event) => event.type === "stage" && event.stage === "measure")).toBe(true);
  expect(plan.reasons!.map(({ group }) => group)).toEqual(["blocks.0", "blocks.1", "blocks.2"]);
  const pulls = plan.reasons!.map(({ pull }) => Number(pull));
  expect(pulls.indexOf(Math.max(...pulls))).toBe(2);
  expect(plan.phases.at(-1)!.groups.at(-1)).toEqual({ name: "blocks.2", rate: 1 });
  expect(groups.trained).toBe(plan.phases.at(-1)!.groups.length);
  expect(audit.identical).toBe(audit.frozen);
});

test("selective leaves everything frozen where there are few samples for the features", async () => {
  const freezing = selective({ budget: 1e6, least: 100 });
  const result = await transfer({ data, backbone, cache: join(scratch, "cache"), seed: 2, freezing });
  const { plan } = result.summary;
  await result.release();
  expect(plan.phases).toEqual([{ groups: [], normalization: "frozen", solve: true }]);
  expect(plan.reasons!.every((row) => row["fits the budget"] === true)).toBe(true);
});

test("selective leaves everything frozen where the budget is spent before anything trains", async () => {
  const freezing = selective({ budget: 1e-6 });
  const result = await transfer({ data, backbone, cache: join(scratch, "cache"), epochs: 3, seed: 2, freezing });
  const { plan, engine } = result.summary;
  await result.release();
  expect(plan.phases).toEqual([{ groups: [], normalization: "frozen", solve: true }]);
  expect(plan.reasons!.every((row) => row["fits the budget"] === false)).toBe(true);
  expect(engine.train).toBe("solver:logistic");
});
