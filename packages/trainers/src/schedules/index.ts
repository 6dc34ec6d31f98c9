export { constant } from "./constant.ts";
export { oneCycle } from "./one-cycle.ts";
