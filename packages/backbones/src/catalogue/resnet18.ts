import type { CatalogueCard } from "./card.ts";

/** ResNet-18: ImageNet-1k classification (He et al., CVPR 2016). */
export const resnet18: CatalogueCard = {
  id: "resnet18",
  title: "ResNet-18",
  paper: "He et al., CVPR 2016",
  task: "ImageNet-1k classification",
  hub: { repository: "onnxmodelzoo/resnet18-v1-7", file: "resnet18-v1-7.onnx", revision: "main" },
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
  parameters: 11689512,
  bytes: 46820737,
  sha256: "4e8f8653e7a2222b3904cc3fe8e304cd8b339ce1d05fd24688162f86fb6df52c",
  accuracy: { top1: 0.6993, source: "onnx/models at b1eeaa1, validated/vision/classification/resnet/README.md" },
  evidence: {
    preprocessing: "onnx/models at b1eeaa1, validated/vision/classification/imagenet_preprocess.py",
    licence: "onnx/models at b1eeaa1, the README of the model",
    sha256: "onnx/models at b1eeaa1, the Git LFS pointer of resnet18-v1-7.onnx",
    bytes: "onnx/models at b1eeaa1, the Git LFS pointer of resnet18-v1-7.onnx",
    parameters: "onnx/models at b1eeaa1, turnkey_stats.yaml of resnet18_Opset17_torch_hub, the same architecture",
    hub: "named with this hash by a public script that downloads it from the hub",
  },
  unverified: ["groups"],
};
