export { attachHead, type Headed, predictionGraph } from "./attach-head.ts";
export {
  epochBatches,
  inMemory,
  padded,
  plainBatches,
  type SampleBatch,
  type SampleSource,
  subset,
} from "./batches.ts";
export { type ChannelAttentionOptions, channelAttention } from "./channel-attention.ts";
export type { BestEpoch, TrainingCheckpoint, TrainingHistory } from "./checkpoint.ts";
export { balancedWeights } from "./class-weights.ts";
export { type FindRateOptions, findRate, type RateTest } from "./find-rate.ts";
export { type LengthBatches, type LengthBatchOptions, lengthBatches } from "./length-batches.ts";
export * as mixings from "./mixing/index.ts";
export { type MixContext, type Mixed, type Mixing, mixBatch, type Partners } from "./mixing/mixing.ts";
export * as optimizers from "./optimizers/index.ts";
export type { Optimizer, UpdateInput } from "./optimizers/optimizer.ts";
export { type PaddingOptions, paddingsFor } from "./paddings.ts";
export { sourceRelationship } from "./regularizers/co-tuning.ts";
export { TEACHER_FEATURES } from "./regularizers/distill-features.ts";
export { TEACHER_LOGITS } from "./regularizers/distill-logits.ts";
export * as regularizers from "./regularizers/index.ts";
export type {
  PretrainedKnowledge,
  PretrainedValue,
  Regularizer,
  RegularizerContext,
  SourceClassifier,
} from "./regularizers/regularizer.ts";
export { sumOfSquares } from "./regularizers/sums.ts";
export { type SampleLosses, sampleLosses } from "./sample-losses.ts";
export * as samplers from "./samplers/index.ts";
export type { SamplePool, Sampler } from "./samplers/sampler.ts";
export * as schedules from "./schedules/index.ts";
export type { Schedule } from "./schedules/schedule.ts";
export * from "./solvers/building-blocks.ts";
export * as solvers from "./solvers/index.ts";
export type { LinearSolution, Solver, SolverDetails, SolverOptions } from "./solvers/solver.ts";
export { type StepBatch, type StepFeedSpec, stepFeed } from "./step-feed.ts";
export { type StepSpec, stepBindings, trainingMemory } from "./step-programs.ts";
export type { RateSuggestion } from "./suggest-rates.ts";
export { teacherValues, withTeacher } from "./teacher.ts";
export { type Trained, type TrainOptions, train } from "./train.ts";
export { LOSS, type TrainingStep, type TrainingStepSpec, trainedValues, trainingStep } from "./training-step.ts";
