export { probeTfjs, type TfjsProbe } from "./backends.ts";
export { type TfjsEngineOptions, tfjsEngine } from "./engine.ts";
