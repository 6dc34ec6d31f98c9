export { linear } from "./linear.ts";
export { mlp } from "./mlp.ts";
