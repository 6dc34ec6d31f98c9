export { type Check, runChecks, type Skip } from "./check.ts";
export { type BackboneCheckOptions, checkBackbone } from "./check-backbone.ts";
export { checkBarrel } from "./check-barrel.ts";
export { checkFreezing, type FreezingCheckOptions } from "./check-freezing.ts";
export { checkHead, type HeadCheckOptions } from "./check-head.ts";
export { checkNoLeak, type LeakCheckOptions } from "./check-no-leak.ts";
export { tinyBackbone } from "./freezing/tiny-backbone.ts";
export { classificationProblem, type HeadProblem } from "./head/problem.ts";
export type { OpenEngine } from "./run-once.ts";
