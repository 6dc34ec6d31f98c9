import type { CatalogueCard } from "./card.ts";

/** VGG-19: ImageNet-1k classification (Simonyan and Zisserman, ICLR 2015). */
export const vgg19: CatalogueCard = {
  id: "vgg19",
  title: "VGG-19",
  paper: "Simonyan and Zisserman, ICLR 2015",
  task: "ImageNet-1k classification",
  hub: { repository: "onnxmodelzoo/vgg19-7", file: "vgg19-7.onnx", revision: "main" },
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
  parameters: 143667240,
  bytes: 574677321,
  sha256: "692f9f927f1df1b89033787a77a73eac59fd9b3344f9ecdf0b13221e41c2046f",
  accuracy: { top1: 0.7372, source: "onnx/models at b1eeaa1, validated/vision/classification/vgg/README.md" },
  evidence: {
    preprocessing: "onnx/models at b1eeaa1, validated/vision/classification/imagenet_preprocess.py",
    licence: "onnx/models at b1eeaa1, the README of the model",
    sha256: "onnx/models at b1eeaa1, the Git LFS pointer of vgg19-7.onnx",
    bytes: "onnx/models at b1eeaa1, the Git LFS pointer of vgg19-7.onnx",
    parameters: "onnx/models at b1eeaa1, turnkey_stats.yaml of vgg19_Opset17_torch_hub, the same architecture",
  },
  unverified: ["hub", "groups"],
};
