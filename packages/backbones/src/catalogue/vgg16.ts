import type { CatalogueCard } from "./card.ts";

/** VGG-16: ImageNet-1k classification (Simonyan and Zisserman, ICLR 2015). */
export const vgg16: CatalogueCard = {
  id: "vgg16",
  title: "VGG-16",
  paper: "Simonyan and Zisserman, ICLR 2015",
  task: "ImageNet-1k classification",
  hub: { repository: "onnxmodelzoo/vgg16-12", file: "vgg16-12.onnx", revision: "main" },
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
  groups: [{ pattern: "conv(\\d+)_", name: "conv$1" }],
  parameters: 138357544,
  bytes: 553437752,
  sha256: "722c42f53ca03a5480296bf8f9c85a151de3eed9ec982d7d2302ff6e2900c67b",
  accuracy: { top1: 0.7238, source: "onnx/models at b1eeaa1, validated/vision/classification/vgg/README.md" },
  evidence: {
    preprocessing: "onnx/models at b1eeaa1, validated/vision/classification/imagenet_preprocess.py",
    licence: "onnx/models at b1eeaa1, the README of the model",
    sha256: "onnx/models at b1eeaa1, the Git LFS pointer of vgg16-12.onnx",
    bytes: "onnx/models at b1eeaa1, the Git LFS pointer of vgg16-12.onnx",
    parameters: "onnx/models at b1eeaa1, turnkey_stats.yaml of vgg16_Opset17_torch_hub, the same architecture",
  },
  unverified: ["hub", "groups"],
};
