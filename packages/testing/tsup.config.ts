import { build } from "../../tsup.base.ts";

// It computes on the Node engine and reads source folders.
export default build({ platform: "node" });
