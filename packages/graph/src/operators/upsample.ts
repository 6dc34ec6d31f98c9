import type { Operator } from "../operator.ts";
import { inferResize, resizeGradient } from "./resize.ts";

/** The older `Resize`: scales as an attribute or an input, pixels counted from their corners. */
export const upsample: Operator = { op: "Upsample", since: 7, infer: inferResize, gradient: resizeGradient };
