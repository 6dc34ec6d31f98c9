import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Backbone,
  type Engine,
  type FreezingPlan,
  GraftError,
  type Head,
  type RunEvent,
  type Tensors,
} from "@graft-ml/core";
import { frozen, gradualUnfreezing, lpFt, planned } from "@graft-ml/freezing";
import { graphBuilder } from "@graft-ml/graph";
import { linear, mlp } from "@graft-ml/heads";
import { openEngine } from "@graft-ml/runtime";
import { tinyBackbone } from "@graft-ml/testing";
import { samplers } from "@graft-ml/trainers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { predictSource } from "../fit-head.ts";
import type { TransferOptions } from "../index.ts";
import { wholeModel } from "../model.ts";
import type { SampleSupply } from "../supply.ts";
import { auditFreeze } from "./audit-freeze.ts";
import { type FittedPlan, planFit } from "./fit-plan.ts";
import { planPhases } from "./plan-phases.ts";
import { recutSupply } from "./recut-supply.ts";
import { CLASSES, type TinySupply, tinySupply } from "./tiny-task.fixture.ts";

let engine: Engine;
let scratch: string;
beforeAll(async () => {
  engine = await openEngine("onnxruntime");
  scratch = await mkdtemp(join(tmpdir(), "graft-fit-plan-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const { balanced } = samplers;
const backbone = tinyBackbone(4);
const { groups, card } = backbone;
const names = groups.map(({ name }) => name);
const base = { epochs: 5, batch: 4, rate: 0.01, engine: "onnxruntime" } as const;

/** With every epoch's weights kept, whatever they are worth. */
const unjudged = { ...base, patience: 0 } as const;

interface Run {
  readonly fitted: FittedPlan<number>;
  readonly supply: TinySupply;
  readonly events: readonly RunEvent[];
}

async function run(
  plan: FreezingPlan,
  options: Partial<TransferOptions> = base,
  head: Head = mlp({ hidden: 5 }) as Head,
  subject: Backbone = backbone,
): Promise<Run> {
  const events: RunEvent[] = [];
  const control = { onEvent: (event: RunEvent) => void events.push(event), ...options.control };
  const supply = tinySupply(engine, subject);
  const job = { fingerprint: "tiny", backbone: subject, head, targets: { classes: CLASSES }, seed: 1, plan };
  const fit = await planFit({ data: "", ...options, control }, job);
  return { fitted: await fit.fit(supply), supply, events };
}

const thaw = (...indices: readonly number[]) => indices.map((i) => ({ name: names[i]!, rate: 1 }));
const bytes = (tensor: Tensors[string]): Buffer =>
  Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);

function movedGroups({ backbone: { graph } }: FittedPlan<number>): string[] {
  const moved = (name: string): boolean =>
    !bytes(graph.initializers.get(name)!).equals(bytes(backbone.graph.initializers.get(name)!));
  return groups.filter(({ initializers }) => initializers.some(moved)).map(({ name }) => name);
}

/** Probabilities of the tests: where the last phase cut, and by the whole exported model from the pixels on. */
async function bothWays({ fitted, supply }: Run, head: Head): Promise<[number[], number[]]> {
  const targets = { classes: CLASSES };
  const program = await engine.prepare(wholeModel(fitted.backbone, head, targets, fitted.values, fitted.temperature));
  const pixels = (await supply.at(card.input)).test;
  const all = Array.from({ length: pixels.length }, (_, i) => i);
  const outputs = await program.run(await pixels.feed({ indices: all }));
  await program.release();
  const { headed, temperature, prepared } = fitted;
  const atCut = await predictSource(engine, headed, head, targets, prepared.test, temperature);
  const flat = (predictions: readonly unknown[]): number[] =>
    (predictions as { probabilities: Float32Array }[]).flatMap(({ probabilities }) => [...probabilities]);
  return [flat(atCut), flat(head.decode(outputs, targets))];
}

function expectClose(a: readonly number[], b: readonly number[], tolerance: number): void {
  expect(a.length).toBe(b.length);
  expect(Math.max(...a.map((value, i) => Math.abs(value - b[i]!)))).toBeLessThan(tolerance);
}

describe("gradual unfreezing", () => {
  test("fetches samples once, at the lowest boundary; later phases decode nothing and start where the last one ended", async () => {
    const plan = gradualUnfreezing({ groups: 3 }).plan(groups, { epochs: 5 });
    const { fitted, supply, events } = await run(plan, unjudged);
    expect(supply.asked).toEqual([groups[0]!.boundary]);
    expect(supply.ran).toBe(27);
    const { phases } = fitted;
    expect(phases.map(({ boundary }) => boundary)).toEqual([
      card.features,
      ...[2, 1, 0].map((i) => groups[i]!.boundary),
    ]);
    expect(phases.map(({ epochs }) => epochs)).toEqual([1, 1, 1, 2]);
    expect(fitted.loss).toHaveLength(5);
    // Each phase but that of the lowest boundary runs the layers between, once over training samples; tests are not needed there.
    const recut = events.filter((event) => event.type === "stage" && event.stage === "recut");
    expect(recut).toEqual(Array.from({ length: 3 }, () => ({ type: "stage", stage: "recut", total: 18 })));
    expect(movedGroups(fitted)).toEqual(names.slice(1));
    expect(fitted.parameters.most).toBe(fitted.parameters.total);
    expect(auditFreeze(backbone, fitted.backbone.graph, plan)).toMatchObject({ violations: [], changed: 3 });
  });
});

test("the peak rate that is asked for is that of every phase, and wins over the plan's own", async () => {
  const plan: FreezingPlan = {
    strategy: "planned",
    rate: 0.02,
    phases: [
      { groups: thaw(3), normalization: "frozen", epochs: 1 },
      { groups: thaw(2), normalization: "frozen" },
    ],
  };
  const { rate: _, ...silent } = unjudged;
  const peaks = async (options: Partial<TransferOptions>) =>
    (await run(plan, options)).fitted.phases.map(({ method }) => method.rate);
  expect(await peaks({ ...silent, rate: 0.05 })).toEqual([0.05, 0.05]);
  expect(await peaks(silent)).toEqual([0.02, 0.02]);
});

describe("a boundary that moves", () => {
  const head = mlp({ hidden: 5 }) as Head;

  test("up, above layers that were trained: values are computed with what they have become", async () => {
    const plan: FreezingPlan = {
      strategy: "planned",
      phases: [
        { groups: thaw(1), normalization: "frozen", epochs: 2 },
        { groups: thaw(3), normalization: "frozen" },
      ],
    };
    const ran = await run(plan, { ...unjudged, rate: 0.05 }, head);
    expect(ran.supply.asked).toEqual([groups[0]!.boundary]);
    expect(movedGroups(ran.fitted)).toEqual([names[1], names[3]]);
    expectClose(...(await bothWays(ran, head)), 1e-5);
    expect(auditFreeze(backbone, ran.fitted.backbone.graph, plan).violations).toEqual([]);
  });

  test("up from the pixels, with statistics that live normalisation has moved", async () => {
    const plan: FreezingPlan = {
      strategy: "planned",
      phases: [
        { groups: thaw(0, 1), normalization: "live", epochs: 2 },
        { groups: thaw(2), normalization: "affine" },
      ],
    };
    const ran = await run(plan, { ...unjudged, rate: 0.05 }, head);
    expect(ran.supply.asked).toEqual([card.input]);
    expect(movedGroups(ran.fitted)).toEqual(names.slice(0, 3));
    expectClose(...(await bothWays(ran, head)), 1e-5);
    const audited = auditFreeze(backbone, ran.fitted.backbone.graph, plan);
    expect(audited).toMatchObject({ thawed: 5 + 5 + 3, changed: 13, violations: [] });
  });

  test("up, above an adapter that was trained, which then stays as it is", async () => {
    const lora = { adapter: "lora", groups: [names[1]!], options: { r: 2 } };
    const plan: FreezingPlan = {
      strategy: "planned",
      phases: [
        { groups: [], adapters: [lora], normalization: "frozen", epochs: 2 },
        { groups: thaw(3), normalization: "frozen" },
      ],
    };
    const ran = await run(plan, { ...unjudged, rate: 0.05 }, head);
    expect(ran.supply.asked).toEqual([groups[0]!.boundary]);
    expect(movedGroups(ran.fitted)).toEqual([names[1], names[3]]);
    expect(Object.keys(ran.fitted.trained).filter((name) => name.startsWith("adapter."))).toHaveLength(2);
    expectClose(...(await bothWays(ran, head)), 1e-5);
    expect(auditFreeze(backbone, ran.fitted.backbone.graph, plan)).toMatchObject({
      thawed: 2,
      changed: 2,
      violations: [],
    });
  });

  test("down, to the pixels: features are asked of the supply as for a frozen backbone", async () => {
    const { supply, fitted } = await run(lpFt().plan(groups, { epochs: 5 }), base, head);
    expect(supply.asked).toEqual([card.input, card.features]);
    expect(fitted.phases.map(({ boundary }) => boundary)).toEqual([card.features, card.input]);
  });

  test("to values that do not fit into memory: training starts lower", async () => {
    const plan: FreezingPlan = {
      strategy: "planned",
      phases: [
        { groups: thaw(1), normalization: "frozen", epochs: 2 },
        { groups: thaw(3), normalization: "frozen" },
      ],
    };
    const phases = planPhases(backbone, plan, { head, seed: 1 });
    const supply = tinySupply(engine, backbone);
    const lowest = groups[0]!.boundary;
    const [wide, narrow] = [10_000, 1e9].map((limit) => recutSupply(supply, backbone, { lowest, engine, limit }));
    const { boundary } = phases.phases[1]!.cut;
    expect((await wide!.at(boundary)).boundary).toBe(lowest);
    expect((await narrow!.at(boundary)).boundary).toBe(boundary);
  });
});

describe("a head", () => {
  const head = linear() as Head;
  const { engine: _, ...settings } = base;

  test.each<[string, FreezingPlan, Partial<TransferOptions>, readonly string[]]>([
    ["is solved where it is all there is", frozen().plan(groups, {}), {}, ["solver:logistic"]],
    ["is trained for epochs that are asked for", frozen().plan(groups, {}), { epochs: 2 }, ["onnxruntime"]],
    [
      "is trained where a solver could not do what is asked for",
      frozen().plan(groups, {}),
      { sampler: balanced() },
      ["onnxruntime"],
    ],
    [
      "is trained where more phases come after it",
      lpFt().plan(groups, { epochs: 5 }),
      settings,
      ["onnxruntime", "onnxruntime"],
    ],
  ])("%s", async (_, plan, options, engines) => {
    const { fitted } = await run(plan, options, head);
    expect(fitted.phases.map(({ engine }) => engine)).toEqual(engines);
  });

  test("and layers that training only makes worse on samples that are held out stay as they were", async () => {
    const plan: FreezingPlan = {
      strategy: "planned",
      phases: [
        { groups: [], normalization: "frozen", epochs: 10 },
        // A rate that wrecks what it trains.
        { groups: [{ name: names[3]!, rate: 1e4 }], normalization: "frozen", epochs: 2 },
      ],
    };
    const supply = tinySupply(engine, backbone);
    const judged: SampleSupply<number> = {
      async at(boundary) {
        const prepared = await supply.at(boundary);
        return { ...prepared, validation: prepared.train };
      },
    };
    const job = { fingerprint: "tiny", backbone, head, targets: { classes: CLASSES }, seed: 1, plan };
    const options = { data: "", ...settings, epochs: 12, rate: 0.05, engine: "onnxruntime" };
    const fitted = await (await planFit(options, job)).fit(judged);
    expect(fitted.phases[1]!.method.bestEpoch).toBe(0);
    expect(Math.min(...fitted.phases[1]!.validation)).toBeGreaterThan(Math.min(...fitted.phases[0]!.validation));
    expect(movedGroups(fitted)).toEqual([]);
  });
});

describe("a run of several phases that was killed goes on to the same bits", () => {
  const plan = gradualUnfreezing({ groups: 2, epochs: 2 }).plan(groups, { epochs: 6 });
  const adapters = [{ adapter: "bottleneck-adapter", groups: names.slice(1), options: {} }];
  const adapting: FreezingPlan = {
    strategy: "planned",
    phases: [
      { groups: [], normalization: "frozen", epochs: 1 },
      { groups: thaw(3), adapters, normalization: "live", epochs: 2 },
      { groups: thaw(2), normalization: "affine" },
    ],
  };
  const [first, ...rest] = plan.phases;
  const solving: FreezingPlan = { strategy: "planned", phases: [{ ...first!, solve: true }, ...rest] };
  // 15 samples are trained on, 4 steps an epoch: phases end after steps 8, 16 and 24.
  test.each<[string, FreezingPlan, Partial<TransferOptions>, Head, readonly number[]]>([
    ["in each phase, and between two", plan, { ...base, epochs: 6 }, mlp({ hidden: 5 }) as Head, [3, 8, 14, 21]],
    ["on the engine that was chosen", plan, { epochs: 6, batch: 4, rate: 0.01 }, linear() as Head, [3, 10]],
    ["after a head that the plan wants to be solved", solving, { ...base, epochs: 6 }, linear() as Head, [3, 10]],
    ["with adapters and live statistics", adapting, base, mlp({ hidden: 5 }) as Head, [5, 9, 13]],
  ])("%s", async (_, plan, options, head, stops) => {
    const whole = await run(plan, options, head);
    const checkpoint = await mkdtemp(join(scratch, "resume-"));
    let done = 0;
    for (const [i, stop] of stops.entries()) {
      const killed = new AbortController();
      const onEvent = (event: RunEvent): void => {
        if (event.type === "progress" && event.stage === "train" && ++done === stop) killed.abort();
      };
      const control = { onEvent, signal: killed.signal };
      await expect(run(plan, { ...options, checkpoint, resume: i > 0, control }, head)).rejects.toMatchObject({
        code: "interrupted",
      });
    }
    const { fitted } = await run(plan, { ...options, checkpoint, resume: true }, head);
    expect(Object.keys(fitted.trained).sort()).toEqual(Object.keys(whole.fitted.trained).sort());
    for (const [name, tensor] of Object.entries(whole.fitted.trained))
      expect(bytes(fitted.trained[name]!).equals(bytes(tensor)), name).toBe(true);
    const timeless = ({ phases }: FittedPlan<number>): unknown => phases.map(({ seconds: _, ...report }) => report);
    expect(timeless(fitted)).toEqual(timeless(whole.fitted));
    expect(fitted.temperature).toBe(whole.fitted.temperature);
  });

  test("from the last epoch of whatever phase, where nothing could be saved at the end", async () => {
    const options = { ...base, epochs: 6 };
    const whole = await run(plan, options);
    const checkpoint = await mkdtemp(join(scratch, "crash-"));
    let done = 0;
    // After the first step of the second phase, and in the second epoch of the third.
    for (const [i, stop] of [9, 9 + 15].entries()) {
      const onEvent = (event: RunEvent): void => {
        if (event.type === "progress" && event.stage === "train" && ++done === stop) throw new Error("power cut");
      };
      const crashed = run(plan, { ...options, checkpoint, resume: i > 0, control: { onEvent } });
      await expect(crashed).rejects.toThrow("power cut");
    }
    const { fitted } = await run(plan, { ...options, checkpoint, resume: true });
    for (const [name, tensor] of Object.entries(whole.fitted.trained))
      expect(bytes(fitted.trained[name]!).equals(bytes(tensor)), name).toBe(true);
  });

  test("and is refused with another plan", async () => {
    const checkpoint = await mkdtemp(join(scratch, "other-"));
    await run(plan, { ...base, epochs: 6, checkpoint });
    const other = gradualUnfreezing({ groups: 2, epochs: 1 }).plan(groups, { epochs: 6 });
    await expect(run(other, { ...base, epochs: 6, checkpoint, resume: true })).rejects.toThrow(
      /^\[graft\/checkpoint\] cannot go on from .*: its freezing has other options\. Give the settings of that run/,
    );
  });
});

describe("a plan that cannot be carried out is refused", () => {
  const settings = { head: linear() as Head, seed: 0 };
  test.each<[string, FreezingPlan["phases"], number | undefined, string]>([
    ["no phases", [], undefined, '[graft/plan] expected "planned" to plan at least one phase; received none'],
    [
      "a phase without end",
      [
        { groups: [], normalization: "frozen" },
        { groups: thaw(3), normalization: "frozen" },
      ],
      undefined,
      '[graft/plan] expected epochs in every phase but the last of "planned"; phase 1 has none. Give it some',
    ],
    [
      "half an epoch",
      [{ groups: thaw(3), normalization: "frozen", epochs: 0.5 }],
      undefined,
      '[graft/plan] expected epochs of phase 1 of "planned" to be a positive integer; received 0.5',
    ],
    [
      "more epochs than asked for",
      [
        { groups: [], normalization: "frozen", epochs: 4 },
        { groups: thaw(3), normalization: "frozen" },
      ],
      4,
      '[graft/plan] the phases of "planned" need at least 5 epochs; received 4. Give more epochs',
    ],
    [
      "an adapter that nobody knows",
      [{ groups: [], adapters: [{ adapter: "lara", groups: names, options: {} }], normalization: "frozen" }],
      undefined,
      '[graft/adapters] unknown adapter "lara"',
    ],
    [
      "an adapter in a group that is not there",
      [{ groups: [], adapters: [{ adapter: "lora", groups: ["blocks.9"], options: {} }], normalization: "frozen" }],
      undefined,
      '[graft/adapters] unknown layer group "blocks.9"',
    ],
  ])("%s", (_, phases, epochs, message) => {
    const plan = { strategy: "planned", phases };
    expect(() => planPhases(backbone, plan, { ...settings, ...(epochs !== undefined && { epochs }) })).toThrow(message);
  });

  /** Two layers with one kernel. */
  function tied(): Backbone {
    const g = graphBuilder();
    const image = g.input("image", "float32", ["batch", 3]);
    const square = Float32Array.from({ length: 9 }, (_, i) => i / 9);
    const kernel = g.parameter("tied.weight", { dtype: "float32", dims: [3, 3], data: square });
    const own = g.parameter("top.weight", { dtype: "float32", dims: [3, 3], data: square });
    const lower = g.name(g.op("Relu", [g.op("MatMul", [image, kernel])]), "lower");
    const middle = g.name(g.op("Relu", [g.op("MatMul", [lower, own])]), "middle");
    const graph = g.finish([g.name(g.op("MatMul", [middle, kernel]), "features")]);
    const group = (name: string, initializer: string, boundary: string) => ({
      name,
      initializers: [initializer],
      boundary,
    });
    return {
      ...backbone,
      graph,
      groups: [
        group("bottom", "tied.weight", "lower"),
        group("top", "top.weight", "middle"),
        group("last", "tied.weight", "features"),
      ],
    };
  }

  test("training a weight that layers below the boundary share: what is kept of them would no longer be true", () => {
    const subject = tied();
    const plan = (name: string): FreezingPlan => ({
      strategy: "planned",
      phases: [{ groups: [{ name, rate: 1 }], normalization: "frozen" }],
    });
    const node = subject.graph.nodes.find(({ inputs }) => inputs.includes("image"))!.name;
    expect(() => planPhases(subject, plan("last"), settings)).toThrow(
      `[graft/plan] "tied.weight" trains, but "${node}" below the boundary "middle" reads it, too: kept values would no longer be true. Thaw "bottom" as well`,
    );
    expect(() => planPhases(subject, plan("top"), settings)).not.toThrow();
  });

  test("live batch normalisation whose statistics layers below the boundary share", () => {
    const { graph } = backbone;
    // The last block's normalisation reads the statistics of the first one's.
    const norms = graph.nodes.filter(({ op }) => op === "BatchNormalization");
    const shared = { ...norms.at(-1)!, inputs: [...norms.at(-1)!.inputs.slice(0, 3), ...norms[0]!.inputs.slice(3)] };
    const subject = {
      ...backbone,
      graph: { ...graph, nodes: graph.nodes.map((n) => (n === norms.at(-1) ? shared : n)) },
    };
    const plan = (normalization: "live" | "affine"): FreezingPlan => ({
      strategy: "planned",
      phases: [{ groups: thaw(3), normalization }],
    });
    expect(() => planPhases(subject, plan("live"), settings)).toThrow(
      `[graft/plan] "blocks.0.norm.mean" is moved by live batch normalisation ("${shared.name}"), but "${norms[0]!.name}" below the boundary "${groups[2]!.boundary}" reads it, too: kept values would no longer be true. Thaw "blocks.0" as well`,
    );
    expect(() => planPhases(subject, plan("affine"), settings)).not.toThrow();
  });
});

test("samples are never taken from the store where weights below were trained", async () => {
  const supply = tinySupply(engine, backbone);
  const lowest = groups[1]!.boundary;
  const recut = recutSupply(supply, backbone, { lowest, engine });
  const trained = { "blocks.0.conv.weight": backbone.graph.initializers.get("blocks.0.conv.weight")! };
  await expect(recut.at(card.features, trained)).rejects.toThrow(
    new GraftError(
      "bug",
      "graft/recut",
      `"blocks.0.conv.weight" below the lowest boundary "${lowest}" has been trained`,
    ).message,
  );
  expect(supply.asked).toEqual([]);
});

test("an audit lists what moved", () => {
  const plan = planned({ plan: { strategy: "x", phases: [{ groups: thaw(3), normalization: "frozen" }] } }).plan(
    groups,
    {},
  );
  const kernel = backbone.graph.initializers.get("blocks.1.conv.weight")!;
  const data = Float32Array.from(kernel.data as Float32Array);
  data[5] = -data[5]!;
  data[7] = 0;
  const odd = { ...kernel, data };
  expect(auditFreeze(backbone, { "blocks.1.conv.weight": odd, "blocks.3.conv.weight": odd }, plan)).toEqual({
    frozen: 19,
    identical: 18,
    thawed: 1,
    changed: 1,
    violations: [{ name: "blocks.1.conv.weight", difference: "differs in 2 of 144 numbers" }],
  });
});
