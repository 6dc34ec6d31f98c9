export { bss } from "./bss.ts";
export { coTuning } from "./co-tuning.ts";
export { delta } from "./delta.ts";
export { distillFeatures } from "./distill-features.ts";
export { distillLogits } from "./distill-logits.ts";
export { l2Sp } from "./l2-sp.ts";
