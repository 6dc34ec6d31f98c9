export * as backbones from "@graft-ml/backbones";
export { efficientnetLite0, minilmL6 } from "@graft-ml/backbones";
export { type CatalogueCard, catalogue, kerasFile, matchNames, onnxFile } from "@graft-ml/backbones/sources";
export { GraftError } from "@graft-ml/core";
export { type Augmentation, augmentations, type TextAugmentation, textAugmentations } from "@graft-ml/data";
export * as freezingStrategies from "@graft-ml/freezing";
export { frozen, full, last } from "@graft-ml/freezing";
export * as heads from "@graft-ml/heads";
export { linear, mlp } from "@graft-ml/heads";
export { engineNames, openEngine, probeEngines } from "@graft-ml/runtime";
export { mixings, optimizers, regularizers, samplers, schedules, solvers } from "@graft-ml/trainers";
export {
  type AdapterContent,
  adapterBytes,
  type LoadAdapterOptions,
  type LoadedAdapter,
  loadAdapter,
  saveAdapter,
} from "./adapters/adapter-file.ts";
export {
  type AdaptedBackbone,
  attachAdapters,
  type MergedBackbone,
  mergeAdapters,
  unmergeAdapters,
} from "./adapters/attach-adapters.ts";
export { backboneFile } from "./backbone-file.ts";
export { checkTarget, type Manifest } from "./bundle.ts";
export { backbone, catalogueBackbones } from "./catalogue.ts";
export type { ClassWeights } from "./class-weights.ts";
export type { SampleInput } from "./classifier.ts";
export type { Distillation } from "./distill.ts";
export { type Diagnosis, doctor } from "./doctor.ts";
export { type Embeddings, type EmbedOptions, embed } from "./embed.ts";
export type { Estimate, PhaseEstimate } from "./estimate.ts";
export { besideModel } from "./external-files.ts";
export { type FindRateOptions, type FoundRate, findRate } from "./find-rate.ts";
export { type InspectedPhase, type Inspection, type InspectOptions, inspect } from "./inspect.ts";
export { type EvaluateOptions, type LoadedBundle, load, readManifest } from "./load.ts";
export { auditFreeze, type FreezeAudit } from "./plans/audit-freeze.ts";
export type { ClassificationReport, Prediction, RunSummary, TestPrediction } from "./summary.ts";
export { type TransferOptions, type TransferResult, transfer } from "./transfer.ts";
