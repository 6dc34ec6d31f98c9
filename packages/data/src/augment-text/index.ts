export { spanMasking } from "./span-masking.ts";
export { wordDropout } from "./word-dropout.ts";
