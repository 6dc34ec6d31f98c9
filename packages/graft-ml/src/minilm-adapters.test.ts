import { minilmL6 } from "@graft-ml/backbones";
import {
  type Adapter,
  type Backbone,
  type Engine,
  float32,
  type Graph,
  int64,
  seededRandom,
  type Tensors,
  type TextPreprocessing,
  toNumbers,
} from "@graft-ml/core";
import { adapters } from "@graft-ml/freezing";
import { engineNames, openEngine, probeEngines } from "@graft-ml/runtime";
import { beforeAll, describe, expect, it } from "vitest";

const MERGING = 1e-5;
let backbone: Backbone<TextPreprocessing>;
beforeAll(async () => {
  backbone = await minilmL6().load();
});

function attached(adapter: Adapter): { graph: Graph; parameters: readonly string[]; count: number } {
  const made = adapter.attach(backbone.graph, backbone.groups, seededRandom(1));
  const sizes = made.parameters.map((name) => made.graph.initializers.get(name)!.data.length);
  return { ...made, count: sizes.reduce((a, b) => a + b, 0) };
}

function withValues(graph: Graph, values: Tensors): Graph {
  return { ...graph, initializers: new Map([...graph.initializers, ...Object.entries(values)]) };
}

/** What parameters could become in training: moved by a few hundredths. */
function moved({ graph, parameters }: { graph: Graph; parameters: readonly string[] }): Tensors {
  const random = seededRandom("minilm-adapters");
  const entries = parameters.map((name) => {
    const { dims, data } = graph.initializers.get(name)!;
    return [
      name,
      float32(
        dims,
        Float32Array.from(data as Float32Array, (value) => value + 0.03 * random.normal()),
      ),
    ];
  });
  return Object.fromEntries(entries) as Tensors;
}

/** Features of two sentences of different lengths. */
async function featuresOf(engine: Engine, graph: Graph): Promise<number[]> {
  const { card } = backbone;
  const ids = [101, 2023, 3185, 2003, 2307, 102, 101, 2919, 102, 0, 0, 0];
  const mask = ids.map((id) => (id === 0 ? 0 : 1));
  const program = await engine.prepare(graph);
  try {
    const feeds = { [card.input]: int64([2, 6], ids), [card.preprocessing.mask]: int64([2, 6], mask) };
    return Array.from(toNumbers((await program.run(feeds, [card.features]))[card.features]!));
  } finally {
    await program.release();
  }
}

function furthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
}

describe("adapters of MiniLM-L6 have as many parameters as their papers say", () => {
  // Six layers of width 384, whose feed-forward blocks are 1536 wide.
  it.each([
    { adapter: adapters.lora({ r: 8 }), expected: 6 * 2 * 8 * (384 + 384) },
    { adapter: adapters.lora({ r: 8, targets: "*query*,*value*" }), expected: 73_728 },
    { adapter: adapters.ia3(), expected: 6 * (384 + 384 + 1536) },
    { adapter: adapters.bottleneckAdapter({ size: 64 }), expected: 6 * 2 * (2 * 384 * 64 + 64 + 384) },
  ])("$adapter.name: $expected", ({ adapter, expected }) => {
    expect(attached(adapter).count).toBe(expected);
  });

  it("and none in the embeddings, which stay frozen", () => {
    const { parameters } = attached(adapters.lora());
    const kernels = new Set(parameters.map((name) => name.slice("adapter.".length, -".a".length)));
    const owners = backbone.groups.filter(({ initializers }) => initializers.some((kernel) => kernels.has(kernel)));
    expect(owners.map((group) => group.name)).toEqual(backbone.groups.slice(-6).map((group) => group.name));
    expect(kernels.size).toBe(12);
  });
});

const probes = await probeEngines();

describe.each(engineNames)("%s", (name) => {
  const probe = probes.find((report) => report.name === name)!;
  if (!probe.available) {
    const demanded = process.env.GRAFT_REQUIRE_ENGINES === "1";
    it.skipIf(!demanded)(`is not available: ${probe.reason}`, () => expect.fail(probe.reason));
    return;
  }
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine(name);
  });

  // What engines could do differently is in the first; the others are about the arithmetic of merging.
  const others = name === "onnxruntime" ? [adapters.lora({ targets: "*.weight", r: 2 }), adapters.ia3()] : [];
  it.each([adapters.lora(), ...others])(
    "$name: merged is un-merged, and the way back is the base",
    async (adapter) => {
      const { graph, groups } = backbone;
      const made = attached(adapter);
      const values = moved(made);
      const start = await featuresOf(engine, graph);
      expect(furthest(await featuresOf(engine, made.graph), start)).toBeLessThan(MERGING);
      const expected = await featuresOf(engine, withValues(made.graph, values));
      expect(furthest(expected, start)).toBeGreaterThan(0.01);

      const changed = adapter.merge!(graph, groups, values)!;
      const merged = withValues(graph, changed);
      expect(furthest(await featuresOf(engine, merged), expected)).toBeLessThan(MERGING);

      const back = withValues(merged, adapter.unmerge!(merged, groups, values));
      expect(furthest(await featuresOf(engine, back), start)).toBeLessThan(MERGING);
      for (const kernel of Object.keys(changed)) {
        const [base, again] = [graph, back].map(({ initializers }) => toNumbers(initializers.get(kernel)!));
        expect(furthest(base!, again!), kernel).toBeLessThan(1e-6);
      }
    },
    60_000,
  );
});
