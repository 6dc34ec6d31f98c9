export { constant } from "./constant.ts";
export { cosine } from "./cosine.ts";
export { linearWarmup } from "./linear-warmup.ts";
export { oneCycle } from "./one-cycle.ts";
export { slantedTriangular } from "./slanted-triangular.ts";
