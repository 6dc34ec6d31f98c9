import type { CatalogueCard } from "./card.ts";

/** EfficientNet-B0: ImageNet-1k classification (Tan and Le, ICML 2019). */
export const efficientnetB0: CatalogueCard = {
  id: "efficientnet-b0",
  title: "EfficientNet-B0",
  paper: "Tan and Le, ICML 2019",
  task: "ImageNet-1k classification",
  hub: { repository: "onnxmodelzoo/efficientnet_b0_Opset17", file: "efficientnet_b0_Opset17.onnx", revision: "main" },
  original: "timm efficientnet_b0.ra_in1k, by the ONNX Model Zoo",
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
  parameters: 5288548,
  bytes: 21128851,
  sha256: "e76596a2b9e27c7c734c38550859105b43fec926f13447a84dad175eb994068a",
  accuracy: { top1: 0.77698, source: "huggingface/pytorch-image-models at aa4b585, results/results-imagenet.csv" },
  evidence: {
    sha256: "onnx/models at b1eeaa1, the Git LFS pointer of efficientnet_b0_Opset17_timm",
    bytes: "onnx/models at b1eeaa1, the Git LFS pointer of efficientnet_b0_Opset17_timm",
    hub: "named with this hash by a public program that downloads it from the hub",
    parameters: "onnx/models at b1eeaa1, turnkey_stats.yaml of the file",
    preprocessing: "huggingface/pytorch-image-models at aa4b585, timm/models/efficientnet.py",
    licence: "a public list of audited licences",
  },
  unverified: ["original"],
};
