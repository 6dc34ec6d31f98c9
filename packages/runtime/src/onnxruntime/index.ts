export { onnxRuntimeEngine } from "./engine.ts";
export { lowerPrimitives } from "./lowerings/index.ts";
export { probeOnnxRuntime } from "./probe.ts";
