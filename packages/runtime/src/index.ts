export { type EngineReport, engineNames, openEngine, probeEngines } from "./engines.ts";
export { lowerPrimitives, onnxRuntimeEngine } from "./onnxruntime/index.ts";
export { tfjsEngine } from "./tfjs/index.ts";
