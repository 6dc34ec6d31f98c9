export { efficientnetLite0 } from "./efficientnet-lite0.ts";
export { minilmL6 } from "./minilm-l6.ts";
