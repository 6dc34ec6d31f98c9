import type { CatalogueCard } from "./card.ts";

/** ResNet-101: ImageNet-1k classification (He et al., CVPR 2016). */
export const resnet101: CatalogueCard = {
  id: "resnet101",
  title: "ResNet-101",
  paper: "He et al., CVPR 2016",
  task: "ImageNet-1k classification",
  hub: { repository: "onnxmodelzoo/resnet101-v1-7", file: "resnet101-v1-7.onnx", revision: "main" },
  original: "Gluon CV, by the ONNX Model Zoo",
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
  groups: [
    { pattern: "_stage(\\d+)_", name: "stage$1" },
    { pattern: "^resnet[^_]*_(conv|batchnorm)\\d", name: "stem" },
  ],
  parameters: 44549160,
  bytes: 178914043,
  sha256: "760702f6ec0138f71ebac66f4e95d1c72dc9267a8544f4d4667a53075fd0497c",
  accuracy: { top1: 0.7648, source: "onnx/models at b1eeaa1, validated/vision/classification/resnet/README.md" },
  evidence: {
    preprocessing: "onnx/models at b1eeaa1, validated/vision/classification/imagenet_preprocess.py",
    licence: "onnx/models at b1eeaa1, the README of the model",
    sha256: "onnx/models at b1eeaa1, the Git LFS pointer of resnet101-v1-7.onnx",
    bytes: "onnx/models at b1eeaa1, the Git LFS pointer of resnet101-v1-7.onnx",
    parameters: "onnx/models at b1eeaa1, turnkey_stats.yaml of resnet101_Opset17_torch_hub, the same architecture",
  },
  unverified: ["hub", "groups"],
};
