import type { CatalogueCard } from "./card.ts";

/** DINOv2-S/14: self-supervised learning (DINOv2) on 142 M pictures (Oquab et al., TMLR 2024). */
export const dinov2Small: CatalogueCard = {
  id: "dinov2-small",
  title: "DINOv2-S/14",
  paper: "Oquab et al., TMLR 2024",
  task: "self-supervised learning (DINOv2) on 142 M pictures",
  hub: {
    repository: "Xenova/dinov2-small",
    file: "onnx/model.onnx",
    revision: "c2bb04a51fab207c420665f1946016107bffc701",
  },
  original: "facebook/dinov2-small",
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
  bytes: 88459888,
  sha256: "83141175ec78b4ff9a2bb58a4c7c264ba0054d1c2e122e5a8114b79a8d4179ea",
  accuracy: { top1: 0.811, source: "linear probe, README.md of facebookresearch/dinov2" },
  evidence: {
    hub: "pinned with this hash, size and commit by several public programs",
    sha256: "the same programs",
    bytes: "the same programs",
    licence: "lists of those programs",
  },
  unverified: ["preprocessing.crop", "preprocessing.interpolation"],
};
