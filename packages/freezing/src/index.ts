export { frozen } from "./frozen.ts";
export { full } from "./full.ts";
export { last } from "./last.ts";
