import type { BackboneSource } from "@graft-ml/core";
import { bundled } from "./bundled.ts";

/** EfficientNet-Lite0 pretrained on ImageNet-1k: features `[batch, 1280]` from 224×224 pictures (Tan and Le, ICML 2019). */
export function efficientnetLite0(): BackboneSource {
  return bundled(
    "efficientnet-lite0",
    "EfficientNet-Lite0, ImageNet-1k, 4.7 M parameters, 224×224 pictures",
    "@graft-ml/weights-efficientnet-lite0",
    () => import("@graft-ml/weights-efficientnet-lite0"),
  );
}
