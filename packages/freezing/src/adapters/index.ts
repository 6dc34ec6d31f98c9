export { bottleneckAdapter } from "./bottleneck-adapter.ts";
export { ia3 } from "./ia3.ts";
export { lora } from "./lora.ts";
