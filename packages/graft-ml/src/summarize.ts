import { type Backbone, type FreezingPlan, type Graph, type Head, sizeOf } from "@graft-ml/core";
import type { ImageDataset } from "@graft-ml/data";
import type { Extracted } from "./features.ts";
import type { Fitted } from "./fit-head.ts";
import type { ClassificationReport, RunSummary } from "./summary.ts";
import type { PhaseCut } from "./variables.ts";

/** What a run has come to know. */
export interface RunFacts {
  readonly dataset: ImageDataset;
  readonly backbone: Backbone;
  readonly cut: PhaseCut;
  readonly head: Head;
  readonly plan: FreezingPlan;
  readonly fitted: Fitted;
  readonly report: ClassificationReport;
  readonly seed: number;
  readonly trainSamples: number;
  readonly extracted?: Extracted;
  readonly seconds: { readonly train: number; readonly total: number };
}

/** Gathers a run's facts into the summary that is printed and kept. */
export function summarize(facts: RunFacts): RunSummary {
  const { dataset, backbone, cut, head, plan, fitted, report, seed, trainSamples, extracted, seconds } = facts;
  const headSize = fitted.headed.parameters.reduce((n, name) => n + sizeOf(fitted.values[name]!.dims), 0);
  const thawed = Object.keys(cut.rates).reduce((n, name) => n + sizeOf(backbone.graph.initializers.get(name)!.dims), 0);
  return {
    backbone: backbone.card.id,
    freezing: plan.strategy,
    head: head.name,
    seed,
    engine: { train: fitted.engine, frozen: extracted === undefined ? "none" : "onnxruntime" },
    groups: { frozen: cut.frozen.length, trained: cut.trained.length },
    parameters: { total: backboneParameters(backbone) + headSize, trained: thawed + headSize },
    seconds: {
      decode: round(extracted?.seconds.decode ?? 0),
      features: round(extracted?.seconds.features ?? 0),
      train: round(seconds.train),
      total: round(seconds.total),
    },
    cache: { hits: extracted?.hits ?? 0, misses: extracted?.misses ?? 0, bytes: extracted?.space.bytes ?? 0 },
    train: {
      samples: trainSamples,
      epochs: fitted.epochs,
      loss: fitted.loss,
      validation: fitted.validation,
      method: fitted.method,
    },
    test: report,
    plan,
    temperature: fitted.temperature,
    data: {
      folder: dataset.folder,
      classes: dataset.classes,
      fingerprint: dataset.fingerprint,
      skipped: [
        ...dataset.skipped,
        ...(extracted?.failed ?? []).map(({ sample, reason }) => ({ path: sample.path, reason })),
      ],
      duplicates: dataset.duplicates.length,
    },
  };
}

/** Weights that training could change; running statistics are not counted. */
export function backboneParameters({ graph, groups }: Backbone): number {
  return groups.reduce((n, group) => n + parameterCount(graph, group.initializers), 0);
}

/** Elements of initializers, without running statistics. */
export function parameterCount(graph: Graph, names: readonly string[]): number {
  const norms = graph.nodes.filter((node) => node.op === "BatchNormalization");
  const statistics = new Set(norms.flatMap((node) => node.inputs.slice(3)));
  return names
    .filter((name) => !statistics.has(name))
    .reduce((n, name) => n + sizeOf(graph.initializers.get(name)!.dims), 0);
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
