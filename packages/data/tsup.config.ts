import { build } from "../../tsup.base.ts";

// Files, threads and sharp: this package is Node's alone.
export default build({ platform: "node" });
