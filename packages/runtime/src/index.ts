export { type EngineReport, engineNames, openEngine, probeEngines } from "./engines.ts";
export { blockSize, type LoweringOptions, lowerPrimitives, onnxRuntimeEngine } from "./onnxruntime/index.ts";
export { tfjsEngine } from "./tfjs/index.ts";
