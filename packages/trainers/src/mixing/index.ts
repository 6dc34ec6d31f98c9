export { cutmix } from "./cutmix.ts";
export { mixup } from "./mixup.ts";
