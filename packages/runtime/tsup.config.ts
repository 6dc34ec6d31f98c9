import { build } from "../../tsup.base.ts";

export default build({
  entry: { index: "src/index.ts", web: "src/web.ts", "session-worker": "src/onnxruntime/session-worker.js" },
  dts: { entry: { index: "src/index.ts", web: "src/web.ts" } },
  platform: "node",
});
