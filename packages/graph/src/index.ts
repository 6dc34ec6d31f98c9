export { graphBuilder, type OpenGraph } from "./builder.ts";
export { cut, type Halves, upTo } from "./cut.ts";
export { backward, type Differentiated, differentiate } from "./differentiate.ts";
export { reduceMax, reduceMean, reduceSum, reshape } from "./emit.ts";
export { cutPoints, layerGroups } from "./groups.ts";
export { inferShapes, type Shapes } from "./inference.ts";
export { readModel } from "./model/read.ts";
export { validate } from "./model/validate.ts";
export { writeModel } from "./model/write.ts";
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
export { type Equation, parseEquation } from "./operators/einsum-equation.ts";
export { findOperator, operators } from "./operators/index.ts";
export { asInputs } from "./passes/as-inputs.ts";
export { dropDead } from "./passes/dead-nodes.ts";
export { dropIdentities } from "./passes/drop-identities.ts";
export { foldBatchNorm } from "./passes/fold-batch-norm.ts";
export { foldShapes } from "./passes/fold-shapes.ts";
export { fuse } from "./passes/fuse.ts";
export { narrowHalf, widenHalf } from "./passes/half.ts";
export { type LiveBatchNorm, liveBatchNorm } from "./passes/live-batch-norm.ts";
export { mergeDuplicates } from "./passes/merge-duplicates.ts";
export { type PeakMemory, peakMemory } from "./peak-memory.ts";
export { type Rewriter, rewrite } from "./rewrite.ts";
