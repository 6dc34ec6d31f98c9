export { efficientnetLite0 } from "./efficientnet-lite0.ts";
