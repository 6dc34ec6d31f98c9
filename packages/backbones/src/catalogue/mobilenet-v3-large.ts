import type { CatalogueCard } from "./card.ts";

/** MobileNetV3-Large: ImageNet-1k classification (Howard et al., ICCV 2019). */
export const mobilenetV3Large: CatalogueCard = {
  id: "mobilenet-v3-large",
  title: "MobileNetV3-Large",
  paper: "Howard et al., ICCV 2019",
  task: "ImageNet-1k classification",
  hub: { repository: "onnx-community/mobilenetv3_large_100.ra_in1k", file: "onnx/model.onnx", revision: "main" },
  original: "timm mobilenetv3_large_100.ra_in1k",
  licence: "Apache-2.0",
  preprocessing: {
    size: 224,
    crop: 0.875,
    interpolation: "bicubic",
    mean: [123.675, 116.28, 103.53],
    std: [58.395, 57.12, 57.375],
    layout: "NCHW",
    channels: "RGB",
  },
  labels: "imagenet-1k",
  parameters: 5483032,
  bytes: 21949218,
  sha256: "unverified",
  accuracy: { top1: 0.75784, source: "huggingface/pytorch-image-models at aa4b585, results/results-imagenet.csv" },
  evidence: {
    hub: "downloaded by public programs from this place",
    bytes: "measured by a public program that downloads it",
    parameters:
      "onnx/models at b1eeaa1, turnkey_stats.yaml of mobilenetv3_large_100_Opset17_timm, the same architecture",
    preprocessing: "huggingface/pytorch-image-models at aa4b585, timm/models/mobilenetv3.py",
    licence: "a public list of models that names the original repository",
  },
  unverified: ["sha256"],
};
