export { accuracy } from "./accuracy.ts";
export { confusion } from "./confusion.ts";
export { expectedCalibrationError } from "./expected-calibration-error.ts";
export { type BootstrapOptions, bootstrapInterval, type Interval, wilsonInterval } from "./intervals.ts";
export { logLoss } from "./log-loss.ts";
export { macroF1 } from "./macro-f1.ts";
export { type ClassScores, perClass } from "./per-class.ts";
export { temperature } from "./temperature.ts";
export { topLabels } from "./top-label.ts";
