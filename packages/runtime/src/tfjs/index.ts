export type { TfjsProbe } from "./backends.ts";
export { probeTfjs, type TfjsEngineOptions, tfjsEngine } from "./engine.ts";
