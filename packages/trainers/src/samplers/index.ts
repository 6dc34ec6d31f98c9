export { balanced } from "./balanced.ts";
export { shuffled } from "./shuffled.ts";
