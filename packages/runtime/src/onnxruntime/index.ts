export { blockSize } from "./block-size.ts";
export { onnxRuntimeEngine } from "./engine.ts";
export { type LoweringOptions, lowerPrimitives } from "./lowerings/index.ts";
export { probeOnnxRuntime } from "./probe.ts";
