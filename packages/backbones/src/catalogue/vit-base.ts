import type { CatalogueCard } from "./card.ts";

/** ViT-B/16: ImageNet-21k, then ImageNet-1k classification (Dosovitskiy et al., ICLR 2021). */
export const vitBase: CatalogueCard = {
  id: "vit-base",
  title: "ViT-B/16",
  paper: "Dosovitskiy et al., ICLR 2021",
  task: "ImageNet-21k, then ImageNet-1k classification",
  hub: { repository: "Xenova/vit-base-patch16-224", file: "onnx/model.onnx", revision: "main" },
  original: "google/vit-base-patch16-224",
  licence: "Apache-2.0",
  preprocessing: {
    size: 224,
    crop: 1,
    interpolation: "bilinear",
    mean: [127.5, 127.5, 127.5],
    std: [127.5, 127.5, 127.5],
    layout: "NCHW",
    channels: "RGB",
  },
  labels: "imagenet-1k",
  parameters: 86567656,
  sha256: "unverified",
  evidence: {
    hub: "downloaded by public programs from this place",
    licence: "the model card of google/vit-base-patch16-224",
    preprocessing: "preprocessor_config.json of google/vit-base-patch16-224",
    parameters:
      "onnx/models at b1eeaa1, turnkey_stats.yaml of vit_base_patch16_224_Opset17_timm, the same architecture",
  },
  unverified: ["sha256"],
};
