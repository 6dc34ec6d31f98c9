import {
  type Backbone,
  type Engine,
  float32,
  type Graph,
  type Head,
  seededRandom,
  sizeOf,
  type Tensor,
} from "@graft-ml/core";
import { cut, inferShapes, upTo } from "@graft-ml/graph";
import { linear } from "@graft-ml/heads";
import { openEngine } from "@graft-ml/runtime";
import { attachHead, optimizers, stepFeed, trainingStep } from "@graft-ml/trainers";
import type { PhaseCut } from "./variables.ts";

/** What a plan would cost on this machine, measured on two batches of zeros. */
export interface Estimate {
  /** Samples that `seconds` is for. */
  readonly samples: number;
  /** Frozen part once over the samples, without decoding, plus one epoch of training. */
  readonly seconds: number;
  readonly parts: { readonly features: number; readonly epoch: number };
  /** Predicted growth of the process by the larger of the two graphs, without what it takes before. */
  readonly memoryBytes: number;
}

const SAMPLES = 1000;
const BATCH = 16;
const TARGETS = { classes: Array.from({ length: 10 }, (_, i) => `class ${i}`) };

/** Measures the frozen part and a training step of a plan on the default engine. */
export async function estimate(
  backbone: Backbone,
  phase: PhaseCut,
  normalization: "frozen" | "live",
): Promise<Estimate> {
  const { card, graph } = backbone;
  const engine = await openEngine("onnxruntime");
  const batches = SAMPLES / BATCH;
  const features =
    phase.boundary === card.input ? undefined : await runPrefix(engine, upTo(graph, [phase.boundary]), card.input);
  const step = phase.trained.length === 0 ? undefined : await runStep(engine, backbone, phase, normalization);
  const parts = { features: batches * (features?.seconds ?? 0), epoch: batches * (step?.seconds ?? 0) };
  return {
    samples: SAMPLES,
    seconds: parts.features + parts.epoch,
    parts,
    memoryBytes: Math.max(features?.bytes ?? 0, step?.bytes ?? 0),
  };
}

interface Measured {
  readonly seconds: number;
  readonly bytes: number;
}

async function runPrefix(engine: Engine, prefix: Graph, input: string): Promise<Measured> {
  const program = await engine.prepare(prefix);
  const seconds = await timed(() => program.run({ [input]: zeros(prefix, input) })).finally(() => program.release());
  return { seconds, bytes: engine.predictMemory(prefix, { batch: BATCH }) };
}

async function runStep(
  engine: Engine,
  { card, graph }: Backbone,
  { boundary, rates }: PhaseCut,
  normalization: "frozen" | "live",
): Promise<Measured> {
  const head = linear() as Head;
  const optimizer = optimizers.adamw();
  const headed = attachHead(cut(graph, [boundary]).suffix, card.features, head, TARGETS, seededRandom(0));
  const step = trainingStep({ headed, head, targets: TARGETS, rates, normalization, optimizer, batch: BATCH });
  const carried = { carry: step.carry, initial: step.initial };
  const program = await engine.prepare(step.graph, carried);
  const batch = { values: zeros(step.graph, boundary), targets: new Array<number>(BATCH).fill(0), rate: 0, step: 1 };
  const feed = stepFeed({ boundary, head, targets: TARGETS, optimizer }, batch);
  const seconds = await timed(() => program.run(feed)).finally(() => program.release());
  return { seconds, bytes: engine.predictMemory(step.graph, {}, carried) };
}

function zeros(graph: Graph, input: string): Tensor {
  const dims = inferShapes(graph, { batch: BATCH }).values.get(input)!.dims as number[];
  return float32(dims, new Float32Array(sizeOf(dims)));
}

/** Seconds of the second run; the first warms up. */
async function timed(run: () => Promise<unknown>): Promise<number> {
  await run();
  const start = performance.now();
  await run();
  return (performance.now() - start) / 1000;
}
