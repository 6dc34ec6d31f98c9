import type { CatalogueCard } from "./card.ts";

/** EfficientNet-Lite0: ImageNet-1k classification (Tan and Le, ICML 2019). */
export const efficientnetLite0: CatalogueCard = {
  id: "efficientnet-lite0",
  title: "EfficientNet-Lite0",
  paper: "Tan and Le, ICML 2019",
  task: "ImageNet-1k classification",
  package: "@graft-ml/weights-efficientnet-lite0",
  original: "tensorflow/tpu, efficientnet-lite0",
  licence: "Apache-2.0",
  preprocessing: {
    size: 224,
    crop: 0.875,
    interpolation: "bicubic",
    mean: [127, 127, 127],
    std: [128, 128, 128],
    layout: "NCHW",
    channels: "RGB",
  },
  labels: "imagenet-1k",
  parameters: 4_652_008,
  bytes: 9_598_925,
  sha256: "6e37e3fa2fa1020eefa4a82331eda488ab7c9764745ccbde3541cead4ea0ae13",
  accuracy: { top1: 0.751, source: "tensorflow/tpu models/official/efficientnet/lite/README.md, FP32 accuracy" },
  evidence: { all: "the card of the package" },
  unverified: [],
};
