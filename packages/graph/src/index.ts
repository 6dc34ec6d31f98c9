export { emptyGraph, graphBuilder, type OpenGraph } from "./builder.ts";
export { cut, type Halves, upTo } from "./cut.ts";
export { backward, type Differentiated, differentiate } from "./differentiate.ts";
export { reduceMax, reduceMean, reduceSum, reshape, split } from "./emit.ts";
export { cutPoints, layerGroups } from "./groups.ts";
export { type FindOperator, inferShapes, type Shapes } from "./inference.ts";
export { type ReadOptions, readModel } from "./model/read.ts";
export type { ExternalLoader } from "./model/read-tensor.ts";
export { validate } from "./model/validate.ts";
export {
  type ExternalModel,
  type ExternalOptions,
  initializerBytes,
  writeExternalModel,
  writeModel,
} from "./model/write.ts";
export {
  type Attributes,
  attributesOf,
  GRAFT_DOMAIN,
  type GradientContext,
  type InferContext,
  type Operator,
  type Shape,
  staticDims,
} from "./operator.ts";
export { type ConvGeometry, convGeometry, convOutputSize } from "./operators/conv.ts";
export { type ConvTransposeGeometry, convTransposeGeometry } from "./operators/conv-transpose.ts";
export type { Decompose, DecomposeContext } from "./operators/decomposition.ts";
export { decompositions } from "./operators/decompositions.ts";
export { type Equation, parseEquation } from "./operators/einsum-equation.ts";
export { findOperator, operators } from "./operators/index.ts";
export { channelBand } from "./operators/lrn.ts";
export { type PoolWindow, poolCounts } from "./operators/max-pool-window.ts";
export { MICROSOFT_DOMAIN } from "./operators/microsoft.ts";
export { padIndices } from "./operators/pad-geometry.ts";
export { QUANTIZED_RANGE } from "./operators/quantize-linear.ts";
export { parameterRoles } from "./parameter-roles.ts";
export { asInputs } from "./passes/as-inputs.ts";
export { dropDead } from "./passes/dead-nodes.ts";
export { dropIdentities } from "./passes/drop-identities.ts";
export { foldBatchNorm } from "./passes/fold-batch-norm.ts";
export { foldShapes } from "./passes/fold-shapes.ts";
export { fuse } from "./passes/fuse.ts";
export { narrowHalf, widenHalf } from "./passes/half.ts";
export { joinGelu } from "./passes/join-gelu.ts";
export { liftConstants } from "./passes/lift-constants.ts";
export { type LiveBatchNorm, liveBatchNorm } from "./passes/live-batch-norm.ts";
export { mergeDuplicates } from "./passes/merge-duplicates.ts";
export { nameOutputs } from "./passes/name-outputs.ts";
export { quantizeProducts } from "./passes/quantize-products.ts";
export { unrollRecurrent } from "./passes/unroll-recurrent.ts";
export { type PeakMemory, peakMemory } from "./peak-memory.ts";
export { producersOf, readerCounts } from "./producers.ts";
export { type Rewriter, rewrite } from "./rewrite.ts";
