import type { CatalogueCard } from "./card.ts";

/** ConvNeXt-T: ImageNet-1k classification (Liu et al., CVPR 2022). */
export const convnextTiny: CatalogueCard = {
  id: "convnext-tiny",
  title: "ConvNeXt-T",
  paper: "Liu et al., CVPR 2022",
  task: "ImageNet-1k classification",
  hub: { repository: "Xenova/convnext-tiny-224", file: "onnx/model.onnx", revision: "main" },
  original: "facebook/convnext-tiny-224",
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
  parameters: 28589128,
  sha256: "unverified",
  accuracy: {
    top1: 0.82066,
    source: "huggingface/pytorch-image-models at aa4b585, results/results-imagenet.csv, convnext_tiny.fb_in1k at 224",
  },
  evidence: {
    "hub.repository": "named by public lists of models of transformers.js",
    parameters: "onnx/models at b1eeaa1, turnkey_stats.yaml of convnext_tiny_Opset17_torch_hub, the same architecture",
    preprocessing: "huggingface/pytorch-image-models at aa4b585, timm/models/convnext.py",
  },
  unverified: ["sha256", "hub.file", "licence"],
};
