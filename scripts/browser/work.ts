import {
  type Engine,
  float32,
  type Graph,
  type Head,
  seededRandom,
  sizeOf,
  type Tensor,
  type Tensors,
} from "../../packages/core/src/index.ts";
import { graphBuilder, readModel, upTo } from "../../packages/graph/src/index.ts";
import { linear, mlp } from "../../packages/heads/src/index.ts";
import { elementwiseCases } from "../../packages/runtime/src/tfjs/elementwise.cases.ts";
import { operatorGraph, operatorInputs } from "../../packages/runtime/src/tfjs/operator-inputs.fixture.ts";
import { type OperatorCase, operatorCases } from "../../packages/runtime/src/tfjs/operators.cases.ts";
import { type Golden, runCase, runLiveCase } from "../../packages/runtime/src/torch-golden.fixture.ts";
import {
  attachHead,
  LOSS,
  type Optimizer,
  optimizers,
  stepFeed,
  trainingStep,
} from "../../packages/trainers/src/index.ts";
import type { Job } from "./wire.ts";

// What the page and Node both do, so that one can be compared with the other.

/** The operator cases that a page runs, pictures in the file's own order of axes. */
export const forwardCases: readonly OperatorCase[] = [...operatorCases, ...elementwiseCases];

/** Runs one operator case with its outputs declared as they are. */
export async function forward(engine: Engine, one: OperatorCase, outputs: Job["outputs"][string]): Promise<Tensors> {
  const program = await engine.prepare({ ...operatorGraph(one), outputs });
  try {
    return await program.run(operatorInputs(one));
  } finally {
    await program.release();
  }
}

/** Runs PyTorch's cases by name: output, gradients, and updated running averages. */
export function gradientCases(golden: Golden): Readonly<Record<string, (engine: Engine) => Promise<Tensors>>> {
  const plain = golden.cases.map((one) => [one.name, (engine: Engine) => runCase(engine, one, golden.loss)] as const);
  const live = (golden.live ?? []).map(
    (one) =>
      [
        one.name,
        async (engine: Engine): Promise<Tensors> => {
          const { values, updates } = await runLiveCase(engine, one, golden.loss);
          const running = Object.entries(updates).map(([name, update]) => [name, values[update]!]);
          return { ...values, ...Object.fromEntries(running) };
        },
      ] as const,
  );
  return Object.fromEntries([...plain, ...live]);
}

/** A training run: what it trains, and how long. */
export interface Training {
  readonly name: string;
  readonly steps: number;
  readonly batch: number;
  readonly dims: readonly number[];
  readonly optimizer: Optimizer;
  readonly rate: number;
  readonly head: Head<number>;
  /** Programs over the same weights that take turns. Default: 1. */
  readonly programs?: number;
  /** Nodes before the head, and what of them trains. */
  readonly body?: (size: number) => {
    readonly graph: Graph;
    readonly trained: readonly string[];
  };
}

const CLASSES = 3;
const FILTERS = { "conv1.weight": [8, 3, 3, 3], "conv2.weight": [8, 1, 3, 3], "conv3.weight": [16, 8, 1, 1] } as const;
const body = (size: number) => ({ graph: convolutions(size), trained: Object.keys(FILTERS) });

/** A small convnet with momentum, and a perceptron with AdamW on two programs that share its weights. */
export const trainings: readonly Training[] = [
  {
    name: "convnet",
    steps: 5,
    batch: 4,
    dims: [3, 12, 12],
    optimizer: optimizers.sgd({ momentum: 0.9 }),
    rate: 0.05,
    head: linear() as Head<number>,
    body,
  },
  {
    name: "perceptron",
    steps: 20,
    batch: 8,
    dims: [16],
    optimizer: optimizers.adamw({ weightDecay: 0.01 }),
    rate: 0.01,
    head: mlp({ hidden: [32] }),
    programs: 2,
  },
];

/** The convnet on pictures large enough for arithmetic to count. */
export const timed: Training = { ...trainings[0]!, steps: 20, batch: 16, dims: [3, 32, 32] };

/** Trains; the losses of all steps, the final state, and each step's time in milliseconds. */
export async function trainOn(
  engine: Engine,
  { steps, batch, dims, optimizer, rate, head, body, programs = 1 }: Training,
): Promise<{ readonly values: Tensors; readonly milliseconds: readonly number[] }> {
  const targets = { classes: Array.from({ length: CLASSES }, (_, k) => `${k}`) };
  const before = body?.(dims.at(-1)!) ?? { graph: features(dims[0]!), trained: [] };
  const headed = attachHead(before.graph, before.graph.outputs[0]!.name, head as Head, targets, seededRandom("head"));
  const rates = Object.fromEntries(before.trained.map((name) => [name, 1]));
  const step = trainingStep({ headed, head: head as Head, targets, rates, normalization: "frozen", optimizer, batch });
  const first = await engine.prepare(step.graph, { carry: step.carry, initial: step.initial });
  const turns = [first];
  try {
    while (turns.length < programs) turns.push(await engine.prepare(step.graph, { carry: step.carry, shares: first }));
    const losses: number[] = [];
    const milliseconds: number[] = [];
    for (let i = 1; i <= steps; i++) {
      const labels = Array.from({ length: batch }, (_, n) => n % CLASSES);
      const values = draw([batch, ...dims], `batch ${i % 2}`, labels);
      const feed = stepFeed({ head, targets, optimizer }, { inputs: { x: values }, targets: labels, rate, step: i });
      const start = performance.now();
      losses.push(Number((await turns[i % programs]!.run(feed, [LOSS]))[LOSS]!.data[0]));
      milliseconds.push(performance.now() - start);
    }
    return { values: { ...(await first.state()), losses: float32([steps], losses) }, milliseconds };
  } finally {
    for (const program of turns) await program.release();
  }
}

/** Features of one picture from the pretrained network. */
export async function prefix(engine: Engine, model: Uint8Array): Promise<Tensors> {
  const program = await engine.prepare(upTo(readModel(model), ["features"]));
  try {
    return await program.run({ image: draw([1, 3, 224, 224], "picture") });
  } finally {
    await program.release();
  }
}

function convolutions(size: number): Graph {
  const g = graphBuilder();
  const weights = Object.entries(FILTERS).map(([name, dims]) => g.parameter(name, draw(dims, name)));
  const relu6 = (x: (typeof weights)[0]) => g.op("Clip", [x, g.scalar(0), g.scalar(6)]);
  const x = g.input("x", "float32", ["batch", 3, size, size]);
  const first = relu6(g.op("Conv", [x, weights[0]!], { strides: [2, 2], pads: [0, 0, 1, 1] }));
  const second = relu6(g.op("Conv", [first, weights[1]!], { group: 8, pads: [1, 1, 1, 1] }));
  const third = g.op("Relu", [g.op("Conv", [g.op("Add", [first, second]), weights[2]!])]);
  return g.finish([g.op("Flatten", [g.op("GlobalAveragePool", [third])])]);
}

function features(size: number): Graph {
  const g = graphBuilder();
  return g.finish([g.input("x", "float32", ["batch", size])]);
}

/** Normal numbers; samples of a class are shifted alike, so that there is something to learn. */
function draw(dims: readonly number[], seed: string, labels?: readonly number[]): Tensor {
  const random = seededRandom(seed);
  const each = labels === undefined ? 1 : sizeOf(dims) / labels.length;
  const shift = (i: number): number => (labels === undefined ? 0 : labels[Math.floor(i / each)]! - 1);
  return float32(
    dims,
    Array.from({ length: sizeOf(dims) }, (_, i) => random.normal() * 0.5 + shift(i)),
  );
}
