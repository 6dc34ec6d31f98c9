import type { CatalogueCard } from "./card.ts";

/** MobileNetV2: ImageNet-1k classification (Sandler et al., CVPR 2018). */
export const mobilenetV2: CatalogueCard = {
  id: "mobilenet-v2",
  title: "MobileNetV2",
  paper: "Sandler et al., CVPR 2018",
  task: "ImageNet-1k classification",
  hub: {
    repository: "onnxmodelzoo/mobilenetv2-12",
    file: "mobilenetv2-12.onnx",
    revision: "23a2a25eaaa6fcd61865414c8a1acf13dda66b7a",
  },
  original: "torchvision mobilenet_v2, by the ONNX Model Zoo",
  licence: "Apache-2.0",
  preprocessing: {
    size: 224,
    crop: 0.875,
    interpolation: "bilinear",
    mean: [123.675, 116.28, 103.53],
    std: [58.395, 57.12, 57.375],
    layout: "NCHW",
    channels: "RGB",
  },
  labels: "imagenet-1k",
  parameters: 3504872,
  bytes: 13964571,
  sha256: "c0c3f76d93fa3fd6580652a45618618a220fced18babf65774ed169de0432ad5",
  accuracy: { top1: 0.6948, source: "onnx/models at b1eeaa1, validated/vision/classification/mobilenet/README.md" },
  evidence: {
    preprocessing: "onnx/models at b1eeaa1, validated/vision/classification/imagenet_preprocess.py",
    licence: "onnx/models at b1eeaa1, the README of the model",
    sha256: "onnx/models at b1eeaa1, the Git LFS pointer of mobilenetv2-12.onnx",
    bytes: "onnx/models at b1eeaa1, the Git LFS pointer of mobilenetv2-12.onnx",
    hub: "named with this hash, and with this commit, by public programs that download it from the hub",
    parameters: "onnx/models at b1eeaa1, turnkey_stats.yaml of mobilenetv2_100_Opset17_timm, the same architecture",
  },
  unverified: ["original"],
};
