import { type Backbone, type FreezingPlan, type Graph, type Head, type Preprocessing, sizeOf } from "@graft-ml/core";
import type { DataKind, ImageDataset, TextDataset } from "@graft-ml/data";
import type { FreezeAudit } from "./plans/audit-freeze.ts";
import type { FittedPlan } from "./plans/fit-plan.ts";
import type { ClassificationReport, RunSummary } from "./summary.ts";
import type { FrozenPass } from "./supply.ts";
import type { TransferOptions } from "./transfer.ts";

/** What a run has come to know. */
export interface RunFacts {
  readonly kind: DataKind;
  readonly dataset: ImageDataset | TextDataset;
  readonly backbone: Backbone<Preprocessing>;
  readonly head: Head;
  readonly plan: FreezingPlan;
  readonly fitted: FittedPlan<unknown>;
  readonly audit: FreezeAudit;
  readonly report: ClassificationReport;
  readonly seed: number;
  readonly trainSamples: number;
  readonly options: Pick<TransferOptions, "augmentation" | "mixing">;
  readonly extracted?: FrozenPass;
  /** Texts that lost their end. */
  readonly truncated?: number;
  readonly seconds: { readonly train: number; readonly total: number };
}

/** Gathers a run's facts into the summary that is printed and kept. */
export function summarize(facts: RunFacts): RunSummary {
  const { dataset, backbone, head, plan, fitted, audit, report, seed, trainSamples, extracted, truncated, seconds } =
    facts;
  const headSize = fitted.headed.parameters.reduce((n, name) => n + sizeOf(fitted.values[name]!.dims), 0);
  const { cut, parameters } = fitted;
  return {
    backbone: backbone.card.id,
    freezing: plan.strategy,
    head: head.name,
    seed,
    engine: { train: fitted.engine, frozen: extracted === undefined ? "none" : "onnxruntime" },
    groups: { frozen: cut.frozen.length, trained: cut.trained.length },
    parameters: { total: backboneParameters(backbone) + headSize, trained: parameters.total, most: parameters.most },
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
      phases: fitted.phases,
    },
    ...variationOf(facts),
    test: report,
    plan,
    audit: { frozen: audit.frozen, identical: audit.identical, thawed: audit.thawed, changed: audit.changed },
    temperature: fitted.temperature,
    data: {
      kind: facts.kind,
      folder: dataset.folder,
      classes: dataset.classes,
      fingerprint: dataset.fingerprint,
      skipped: [
        ...dataset.skipped,
        ...(extracted?.failed ?? []).map(({ sample, reason }) => ({ path: sample.path, reason })),
      ],
      duplicates: dataset.duplicates.length,
      ...("columns" in dataset && { columns: dataset.columns }),
      ...(truncated !== undefined && { truncated }),
    },
  };
}

/** How the training samples were varied. */
function variationOf({ options, fitted }: RunFacts): Pick<RunSummary, "augmentation" | "mixing"> {
  const { augmentation = [], mixing } = options;
  const { views } = fitted.prepared.train;
  const applied = augmentation.map(({ name, options }) => ({ name, options }));
  return {
    ...(applied.length > 0 && {
      augmentation: { applied, ...(views === undefined ? { at: "every visit" } : { below: "frozen boundary", views }) },
    }),
    ...(mixing && { mixing: { name: mixing.name, options: mixing.options } }),
  };
}

/** Weights of a backbone, tables in eight bits among them; running statistics are not counted. */
export function backboneParameters({ graph, groups }: Backbone<Preprocessing>): number {
  const tables = [...graph.initializers.values()].filter(
    ({ dtype, dims }) => /^u?int8$/.test(dtype) && dims.length > 1,
  );
  const eightBits = tables.reduce((n, { dims }) => n + sizeOf(dims), 0);
  return eightBits + groups.reduce((n, group) => n + parameterCount(graph, group.initializers), 0);
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
