import {
  type Adapter,
  type AdapterPlan,
  type FreezingPlan,
  type FreezingStrategy,
  float32,
  type LayerGroup,
  onlyOptions,
  type PlainOptions,
} from "@graft-ml/core";
import { describe, expect, it, test } from "vitest";
import { runChecks } from "./check.ts";
import { checkFreezing } from "./check-freezing.ts";
import { failing, failureOf } from "./failing.fixture.ts";

type Plan = (groups: readonly LayerGroup[]) => FreezingPlan;
const top = (groups: readonly LayerGroup[]) => [{ name: groups.at(-1)!.name, rate: 1 }];
const onePhase: Plan = (groups) => ({ strategy: "top", phases: [{ groups: top(groups), normalization: "frozen" }] });

function strategy(plan: Plan, change: Partial<FreezingStrategy> = {}): (options?: PlainOptions) => FreezingStrategy {
  return (options = {}) => {
    onlyOptions("freezing/top", options, []);
    return { name: "top", summary: "train the last group, for tests", plan, ...change };
  };
}

/** A strategy whose phase differs from the good one. */
function phased(change: (groups: readonly LayerGroup[]) => object): (options?: PlainOptions) => FreezingStrategy {
  return strategy((groups) => ({ strategy: "top", phases: [{ ...onePhase(groups).phases[0]!, ...change(groups) }] }));
}

describe("a good strategy", () => runChecks(checkFreezing(strategy(onePhase), { name: "top" }), test));

/** Multiplies the features by one number. */
const gated = (): Adapter => ({
  name: "gate",
  summary: "one factor for all features, for tests",
  attach(graph) {
    const [last] = graph.nodes.slice(-1);
    const inputs = [last!.inputs[0]!, "adapter.gate"];
    const factor = { name: "gate", op: "Mul", domain: "", inputs, outputs: ["gated"], attributes: {} };
    const nodes = [...graph.nodes.slice(0, -1), factor, { ...last!, inputs: ["gated", ...last!.inputs.slice(1)] }];
    const initializers = new Map([...graph.initializers, ["adapter.gate", float32([1], [1])]]);
    return { graph: { ...graph, initializers, nodes }, parameters: ["adapter.gate"] };
  },
});
const gate = (groups: readonly LayerGroup[]): AdapterPlan => ({
  adapter: "gate",
  groups: [groups.at(-1)!.name],
  options: {},
});

const PLANS = "plans for 1, 2 and 18 groups";
const PURE = "the plan is pure: same groups, same plan, nothing written";
let calls = 0;
const DEFECTS: readonly [
  defect: string,
  factory: (options?: PlainOptions) => FreezingStrategy,
  check: string,
  message: string,
][] = [
  [
    "another name than its file",
    strategy(onePhase, { name: "bottom" }),
    "name is kebab-case and the expected one",
    'expected the name "top"',
  ],
  ["no summary", strategy(onePhase, { summary: "" }), "summary is one line", "expected the summary to be one line"],
  [
    "options that nobody checks",
    () => strategy(onePhase)(),
    "options that it does not know are refused by name",
    "it was accepted",
  ],
  [
    "a plan of another strategy",
    strategy((groups) => ({ ...onePhase(groups), strategy: "bottom" })),
    PLANS,
    "expected the plan's strategy to be",
  ],
  ["no phase", strategy(() => ({ strategy: "top", phases: [] })), PLANS, "expected at least one phase"],
  [
    "an unknown group",
    phased(() => ({ groups: [{ name: "classifier", rate: 1 }] })),
    PLANS,
    'expected groups of the backbone; received "classifier"',
  ],
  [
    "a group twice",
    phased((groups) => ({ groups: [...top(groups), ...top(groups)] })),
    PLANS,
    "expected each group once",
  ],
  [
    "a rate of zero",
    phased((groups) => ({ groups: [{ ...top(groups)[0]!, rate: 0 }] })),
    PLANS,
    "expected a positive rate",
  ],
  [
    "an infinite rate",
    phased((groups) => ({ groups: [{ ...top(groups)[0]!, rate: 1 / 0 }] })),
    PLANS,
    "expected a positive rate",
  ],
  [
    "a learning rate of zero",
    strategy((groups) => ({ ...onePhase(groups), rate: 0 })),
    PLANS,
    "expected the plan's learning rate to be positive, or none; received 0",
  ],
  [
    "a normalisation of its own",
    phased(() => ({ normalization: "warm" })),
    PLANS,
    'expected normalization to be frozen, affine, live; received "warm"',
  ],
  [
    "a role of its own",
    phased(() => ({ roles: ["kernel", "gate"] })),
    PLANS,
    'expected roles among kernel, bias, scale, shift, embedding, other; received "gate"',
  ],
  ["roles that are none", phased(() => ({ roles: [] })), PLANS, "expected at least one role, or no roles"],
  [
    "an adapter that is none",
    phased((groups) => ({ adapters: [{ ...gate(groups), adapter: "door" }] })),
    PLANS,
    'expected an adapter among gate; received "door"',
  ],
  [
    "an adapter without groups",
    phased((groups) => ({ adapters: [{ ...gate(groups), groups: [] }] })),
    PLANS,
    'expected groups for "gate"; received none',
  ],
  [
    "an adapter in a group that is none",
    phased((groups) => ({ adapters: [{ ...gate(groups), groups: ["classifier"] }] })),
    PLANS,
    'expected groups of the backbone for "gate"; received "classifier"',
  ],
  [
    "an adapter in a group twice",
    phased((groups) => ({ adapters: [{ ...gate(groups), groups: ["blocks.0", "blocks.0"] }] })),
    PLANS,
    'expected each group of "gate" once; received blocks.0, blocks.0',
  ],
  ["half an epoch", phased(() => ({ epochs: 0.5 })), PLANS, "expected a positive number of epochs or none"],
  [
    "a first phase without an end",
    strategy((groups) => ({ strategy: "top", phases: [...onePhase(groups).phases, ...onePhase(groups).phases] })),
    PLANS,
    "phase 1 of 2 on 1 groups: expected a positive number of epochs; received undefined",
  ],
  [
    "more epochs than there are",
    phased(() => ({ epochs: 100 })),
    "phases fit the epochs that are asked for",
    "expected the phases to fit 40 epochs; they take 100",
  ],
  [
    "a plan that differs from call to call",
    phased((groups) => ({ groups: [{ ...top(groups)[0]!, rate: 1 / ++calls }] })),
    PURE,
    "expected the same plan each time",
  ],
  [
    "groups that it sorts in place",
    strategy((groups) => onePhase((groups as LayerGroup[]).reverse().reverse())),
    PURE,
    "read only",
  ],
  ["a plan that JSON loses", phased(() => ({ seen: new Set() })), "the plan is plain JSON", "received Set"],
  [
    "a rate that moves nothing",
    phased((groups) => ({ groups: [{ ...top(groups)[0]!, rate: 1e-30 }] })),
    "frozen weights and statistics keep their bits, thawed weights move",
    'expected "blocks.3.conv.weight" to change in 3 steps',
  ],
];

describe("each defect is caught by the check of its name", () => {
  it.each(DEFECTS)("%s", async (_, factory, check, message) => {
    expect(await failureOf(checkFreezing(factory, { name: "top", adapters: { gate: gated } }), check)).toContain(
      message,
    );
  });
});

it("trains adapters, and leaves what they are put on alone", async () => {
  const only = phased((groups) => ({ groups: [], adapters: [gate(groups)] }));
  expect(await failing(checkFreezing(only, { adapters: { gate: gated } }))).toEqual({});
});

it("trains the shifts of batch normalisation with its statistics as they are", async () => {
  const shifts = phased(() => ({ roles: ["shift"], normalization: "affine" }));
  expect(await failing(checkFreezing(shifts))).toEqual({});
});

it("trains live statistics of thawed groups only", async () => {
  expect(await failing(checkFreezing(phased(() => ({ normalization: "live" }))))).toEqual({});
});

it("trains what lies below frozen groups", async () => {
  const bottom = phased((groups) => ({ groups: [{ name: groups[0]!.name, rate: 0.5 }] }));
  expect(await failing(checkFreezing(bottom))).toEqual({});
});
