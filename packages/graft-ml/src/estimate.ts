import {
  allocate,
  type Engine,
  type Graph,
  type Head,
  seededRandom,
  sizeOf,
  type Tensor,
  type Tensors,
  type ValueInfo,
} from "@graft-ml/core";
import { cut, inferShapes, upTo } from "@graft-ml/graph";
import { linear } from "@graft-ml/heads";
import { openEngine } from "@graft-ml/runtime";
import { attachHead, optimizers, stepFeed, trainingStep } from "@graft-ml/trainers";
import type { PlannedPhase, PlannedPhases } from "./plans/plan-phases.ts";

/** What one phase of a plan would cost. */
export interface PhaseEstimate {
  /** Running the layers between the plan's lowest boundary and this phase's, once. */
  readonly recut: number;
  /** One epoch of training; 0 where the head is solved. */
  readonly epoch: number;
  /** All of the phase: re-cutting, and its epochs. */
  readonly seconds: number;
  /** Predicted growth of the process by the phase's larger graph, without what it takes before. */
  readonly memoryBytes: number;
}

/** What a plan would cost on this machine, measured on two batches of zeros for each phase. */
export interface Estimate {
  /** Samples that the seconds are for. */
  readonly samples: number;
  /** Tokens of each, where samples are texts. */
  readonly tokens?: number;
  /** Frozen part once over the samples, without decoding, and every epoch of every phase. */
  readonly seconds: number;
  readonly parts: { readonly features: number; readonly recut: number; readonly training: number };
  readonly memoryBytes: number;
  readonly phases: readonly PhaseEstimate[];
}

const SAMPLES = 1000;
const BATCH = 16;
const TOKENS = 32;
const BATCHES = SAMPLES / BATCH;
const TARGETS = { classes: Array.from({ length: 10 }, (_, i) => `class ${i}`) };

/** Measures the frozen part, the stretches between boundaries and a training step of each phase on the default engine. */
export async function estimate({ adapted, phases, deepest }: PlannedPhases): Promise<Estimate> {
  const { card, graph } = adapted.backbone;
  const engine = await openEngine("onnxruntime");
  const texts = "tokenizer" in card.preprocessing;
  const lowest = phases[deepest]!.cut.boundary;
  const nothing: Measured = { seconds: 0, bytes: 0 };
  const features = lowest === card.input ? nothing : await runOnce(engine, upTo(adapted.bare.graph, [lowest]));
  const measured: PhaseEstimate[] = [];
  for (const phase of phases) {
    const { boundary } = phase.cut;
    const prefix = upTo(graph, [boundary]);
    const stretch = lowest === card.input ? prefix : cut(prefix, [lowest]).suffix;
    const between = boundary === lowest ? nothing : await runOnce(engine, stretch);
    const step = phase.solved ? nothing : await runStep(engine, graph, card.features, phase);
    const [recut, epoch] = [BATCHES * between.seconds, BATCHES * step.seconds];
    const seconds = recut + epoch * phase.epochs;
    measured.push({ recut, epoch, seconds, memoryBytes: Math.max(between.bytes, step.bytes) });
  }
  const sum = (of: (phase: PhaseEstimate) => number): number => measured.reduce((total, phase) => total + of(phase), 0);
  const recut = sum((phase) => phase.recut);
  const parts = { features: BATCHES * features.seconds, recut, training: sum(({ seconds }) => seconds) - recut };
  return {
    samples: SAMPLES,
    ...(texts && { tokens: TOKENS }),
    seconds: parts.features + parts.recut + parts.training,
    parts,
    memoryBytes: Math.max(features.bytes, ...measured.map(({ memoryBytes }) => memoryBytes)),
    phases: measured,
  };
}

interface Measured {
  readonly seconds: number;
  readonly bytes: number;
}

async function runOnce(engine: Engine, graph: Graph): Promise<Measured> {
  const inputs = filledAll(graph, graph.inputs);
  const program = await engine.prepare(graph);
  const seconds = await timed(() => program.run(inputs)).finally(() => program.release());
  return { seconds, bytes: engine.predictMemory(graph, { batch: BATCH, tokens: TOKENS }) };
}

async function runStep(
  engine: Engine,
  graph: Graph,
  features: string,
  { cut: { boundary, rates }, normalization }: PlannedPhase,
): Promise<Measured> {
  const head = linear() as Head;
  const optimizer = optimizers.adamw();
  const headed = attachHead(cut(graph, [boundary]).suffix, features, head, TARGETS, seededRandom(0));
  const bindings = { tokens: TOKENS };
  const spec = { headed, head, targets: TARGETS, rates, normalization, optimizer, batch: BATCH, bindings };
  const step = trainingStep(spec);
  const carried = { carry: step.carry, initial: step.initial };
  const inputs = filledAll(headed.graph, headed.graph.inputs);
  const program = await engine.prepare(step.graph, carried);
  const feed = stepFeed(spec, { inputs, targets: new Array<number>(BATCH).fill(0), rate: 0, step: 1 });
  const seconds = await timed(() => program.run(feed)).finally(() => program.release());
  return { seconds, bytes: engine.predictMemory(step.graph, {}, carried) };
}

/** Zeros for every input; ones where they are whole numbers, as in a mask. */
function filledAll(graph: Graph, inputs: readonly ValueInfo[]): Tensors {
  const { values } = inferShapes(graph, { batch: BATCH, tokens: TOKENS });
  return Object.fromEntries(inputs.map(({ name }) => [name, filled(values.get(name)!)]));
}

function filled({ dtype, dims }: ValueInfo): Tensor {
  const data = allocate(dtype, sizeOf(dims as number[]));
  if (dtype === "int64") (data as BigInt64Array).fill(1n);
  return { dtype, dims: dims as number[], data };
}

/** Seconds of the second run; the first warms up. */
async function timed(run: () => Promise<unknown>): Promise<number> {
  await run();
  const start = performance.now();
  await run();
  return (performance.now() - start) / 1000;
}
