import type { CatalogueCard } from "./card.ts";

/** ViT-S/16 by DINO: self-supervised learning (DINO) on ImageNet-1k (Caron et al., ICCV 2021). */
export const vitSmall: CatalogueCard = {
  id: "vit-small",
  title: "ViT-S/16 by DINO",
  paper: "Caron et al., ICCV 2021",
  task: "self-supervised learning (DINO) on ImageNet-1k",
  hub: { repository: "Xenova/dino-vits16", file: "onnx/model.onnx", revision: "main" },
  original: "facebook/dino-vits16",
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
  tokens: "cls",
  sha256: "unverified",
  accuracy: { top1: 0.77, source: "linear probe, README.md of facebookresearch/dino" },
  evidence: {
    hub: "its quantized file is downloaded by public programs from this place",
    licence: "facebookresearch/dino, hubconf.py",
  },
  unverified: ["sha256", "hub.file", "preprocessing"],
};
