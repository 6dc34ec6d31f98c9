import type { CatalogueCard } from "./card.ts";

/** ResNet-50: ImageNet-1k classification (He et al., CVPR 2016). */
export const resnet50: CatalogueCard = {
  id: "resnet50",
  title: "ResNet-50",
  paper: "He et al., CVPR 2016",
  task: "ImageNet-1k classification",
  hub: {
    repository: "onnxmodelzoo/resnet50-v1-12",
    file: "resnet50-v1-12.onnx",
    revision: "1f95315d8bd3b3ca2ceabe54d274e0cdf5a83bbe",
  },
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
  parameters: 25557032,
  bytes: 102576593,
  sha256: "3f03fdef724b22947eed826f1eef1dc5c34151bb4c37d634f1db89dfa2dd1526",
  accuracy: { top1: 0.7497, source: "onnx/models at b1eeaa1, validated/vision/classification/resnet/README.md" },
  evidence: {
    preprocessing: "onnx/models at b1eeaa1, validated/vision/classification/imagenet_preprocess.py",
    licence: "onnx/models at b1eeaa1, the README of the model",
    sha256: "onnx/models at b1eeaa1, the Git LFS pointer of resnet50-v1-12.onnx",
    bytes: "onnx/models at b1eeaa1, the Git LFS pointer of resnet50-v1-12.onnx",
    parameters: "onnx/models at b1eeaa1, turnkey_stats.yaml of resnet50_Opset17_torch_hub, the same architecture",
    hub: "pinned with this hash and commit by a public benchmark that downloads it from the hub",
  },
  unverified: ["groups"],
};
