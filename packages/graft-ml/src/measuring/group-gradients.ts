import {
  type Backbone,
  type Engine,
  float32,
  type Graph,
  type Head,
  type LayerGroup,
  type Preprocessing,
  seededRandom,
  type TargetSpec,
  type Tensor,
  toNumbers,
  type Value,
} from "@graft-ml/core";
import {
  asInputs,
  backward,
  dropIdentities,
  foldBatchNorm,
  fuse,
  graphBuilder,
  mergeDuplicates,
  type OpenGraph,
  parameterRoles,
  reduceMean,
} from "@graft-ml/graph";
import {
  attachHead,
  inMemory,
  plainBatches,
  type SampleSource,
  sampleLosses,
  subset,
  sumOfSquares,
} from "@graft-ml/trainers";
import { withValues } from "../model.ts";
import { cutForPhase } from "../variables.ts";
import { fittedHead } from "./fitted-head.ts";

/** How strongly a task pulls at each layer group. */
export interface GroupGradients {
  /** ‖gradient‖ / ‖weights‖ of each group's kernels, the mean over batches; 0 where it has none. */
  readonly norms: readonly number[];
  /** Seconds a sample: forward and back through all groups. */
  readonly seconds: number;
}

const BATCH = 16;
const BATCHES = 2;

/** Fits a head to the features `[samples, channels]` of one half of the samples, and measures the gradients of all groups on the other. */
export async function measureGradients(
  backbone: Backbone<Preprocessing>,
  source: SampleSource<number>,
  features: Float32Array,
  head: Head,
  targets: TargetSpec,
  { engine, seed }: { readonly engine: Engine; readonly seed: number },
): Promise<GroupGradients> {
  const { card, graph, groups } = backbone;
  const phase = { groups: groups.map(({ name }) => ({ name, rate: 1 })), normalization: "frozen" } as const;
  const names = Object.keys(cutForPhase(backbone, phase).rates);
  const roles = parameterRoles(graph);
  // Vectors and tables of other magnitudes would drown what the kernels say.
  const kernels = names.filter((name) => roles.get(name) === "kernel");
  const [fitting, judging] = halves(source.targets);
  const drawn = attachHead(graph, card.features, head, targets, seededRandom(seed).fork("head"));
  const train = subset(inMemory(card.features, featureRows(features, source.length), source.targets), fitting);
  const fitted = await fittedHead({ backbone, head, targets, train, seed }, engine);
  const headed = { ...drawn, graph: withValues(drawn.graph, fitted) };

  const judged = subset(source, judging);
  const batch = Math.min(BATCH, judged.length);
  const full = plainBatches(judged, batch).filter(({ indices }) => indices.length === batch);
  // From the middle: sequences come by their length.
  const start = Math.max(0, Math.floor((full.length - BATCHES) / 2));
  const batches = full.slice(start, start + BATCHES);
  const tokens = batches.reduce((most, each) => Math.max(most, each.tokens ?? 0), 0);
  const wanted = batches.map((each) => (each.tokens === undefined ? each : { ...each, tokens }));
  const bindings = { batch, ...(tokens > 0 && { tokens }) };
  const model = foldBatchNorm(dropIdentities(headed.graph), new Set(names));
  const g = graphBuilder(asInputs(model, names), bindings);
  const loss = reduceMean(g, sampleLosses(g, { headed, head, targets }, batch).losses, [0], false);
  const forward = g.finish([loss]);
  const gradients = backward(g, forward.nodes, forward.opsets, loss, names);
  const squares = g.name(squaresOf(g, gradients, groups, kernels), "squares");
  const carry = Object.fromEntries(
    names.map((name) => [name, g.name(g.op("Identity", [g.value(name)]), `${name}/same`).name]),
  );
  const whole = fuse(
    mergeDuplicates(g.finish([squares, ...Object.values(carry).map((name) => g.value(name))])),
    bindings,
  );
  const initial = Object.fromEntries(names.map((name) => [name, model.initializers.get(name)!]));
  const program = await engine.prepare(whole, { carry, initial });
  const sums = groups.map(() => 0);
  const times: number[] = [];
  try {
    for (const each of wanted) {
      const inputs = {
        ...(await judged.feed(each)),
        ...head.encode(
          each.indices.map((i) => judged.targets[i]!),
          targets,
        ),
      };
      const start = performance.now();
      const found = toNumbers((await program.run(inputs, ["squares"])).squares!);
      times.push((performance.now() - start) / 1000);
      for (const i of sums.keys()) sums[i] = sums[i]! + Math.sqrt(Number(found[i])) / wanted.length;
    }
  } finally {
    await program.release();
  }
  const weights = groups.map((group) => normOf(group, graph, kernels));
  return {
    norms: sums.map((sum, i) => (weights[i] === 0 ? 0 : sum / weights[i]!)),
    // The first run prepares itself.
    seconds: Math.min(...(times.length > 1 ? times.slice(1) : times)) / batch,
  };
}

/** Every other sample of each class; where none is left for the second half, the first serves for both. */
function halves(targets: readonly number[]): readonly [number[], number[]] {
  const seen = new Map<number, number>();
  const both: [number[], number[]] = [[], []];
  for (const [place, label] of targets.entries()) {
    const count = seen.get(label) ?? 0;
    both[count % 2]!.push(place);
    seen.set(label, count + 1);
  }
  return both[1].length === 0 ? [both[0], both[0]] : both;
}

function featureRows(features: Float32Array, samples: number): Tensor {
  return float32([samples, features.length / samples], features);
}

/** Squared norm of the gradient of each group's parameters among `names`, `[groups]`. */
function squaresOf(
  g: OpenGraph,
  gradients: Readonly<Record<string, Value>>,
  groups: readonly LayerGroup[],
  names: readonly string[],
): Value {
  const sums = groups.map(({ initializers }) => {
    const own = initializers.filter((name) => names.includes(name));
    const squares = own.map((name) => sumOfSquares(g, gradients[name]!, true));
    return squares.reduce((sum, each) => g.op("Add", [sum, each]), g.constant(float32([1], [0])));
  });
  return g.op("Concat", sums, { axis: 0 });
}

function normOf({ initializers }: LayerGroup, graph: Graph, names: readonly string[]): number {
  const squares = initializers
    .filter((name) => names.includes(name))
    .map((name) => Array.from(toNumbers(graph.initializers.get(name)!)).reduce((sum, value) => sum + value * value, 0));
  return Math.sqrt(squares.reduce((sum, each) => sum + each, 0));
}
