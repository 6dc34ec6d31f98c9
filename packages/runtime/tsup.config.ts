import { build } from "../../tsup.base.ts";

export default build({
  entry: { index: "src/index.ts", "session-worker": "src/onnxruntime/session-worker.js" },
  dts: { entry: "src/index.ts" },
  platform: "node",
});
