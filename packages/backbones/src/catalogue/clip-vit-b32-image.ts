import type { CatalogueCard } from "./card.ts";

/** CLIP ViT-B/32, the tower of pictures: contrastive learning on 400 M pairs of picture and text (Radford et al., ICML 2021). */
export const clipVitB32Image: CatalogueCard = {
  id: "clip-vit-b32-image",
  title: "CLIP ViT-B/32, the tower of pictures",
  paper: "Radford et al., ICML 2021",
  task: "contrastive learning on 400 M pairs of picture and text",
  hub: {
    repository: "Xenova/clip-vit-base-patch32",
    file: "onnx/vision_model.onnx",
    revision: "d15189d7028b43f1d3e65039190477f6af591c2a",
  },
  original: "openai/clip-vit-base-patch32",
  licence: "MIT",
  preprocessing: {
    size: 224,
    crop: 1,
    interpolation: "bicubic",
    mean: [122.7709383, 116.7460125, 104.09373615],
    std: [68.5005327, 66.6321579, 70.32316305],
    layout: "NCHW",
    channels: "RGB",
  },
  features: "image_embeds",
  bytes: 351685709,
  sha256: "fd6e1402a588279d1723c7534d4bcba5bc0b14b47dfab0e46f8c47b8270d7d40",
  evidence: {
    hub: "pinned with this hash, size and commit by several public programs",
    sha256: "the same programs",
    bytes: "the same programs",
    licence: "the same programs",
    preprocessing: "mean and std of the same programs",
  },
  unverified: ["preprocessing.crop", "preprocessing.interpolation"],
};
