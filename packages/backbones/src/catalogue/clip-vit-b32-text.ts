import type { CatalogueCard } from "./card.ts";

/** CLIP ViT-B/32, the tower of texts: contrastive learning on 400 M pairs of picture and text (Radford et al., ICML 2021). */
export const clipVitB32Text: CatalogueCard = {
  id: "clip-vit-b32-text",
  title: "CLIP ViT-B/32, the tower of texts",
  paper: "Radford et al., ICML 2021",
  task: "contrastive learning on 400 M pairs of picture and text",
  hub: {
    repository: "Xenova/clip-vit-base-patch32",
    file: "onnx/text_model.onnx",
    revision: "d15189d7028b43f1d3e65039190477f6af591c2a",
  },
  original: "openai/clip-vit-base-patch32",
  licence: "MIT",
  preprocessing: { tokenizer: "bpe", maxTokens: 77, padId: 49407, mask: "attention_mask", pooling: "last" },
  tokenizer: {
    repository: "Xenova/clip-vit-base-patch32",
    file: "tokenizer.json",
    revision: "d15189d7028b43f1d3e65039190477f6af591c2a",
  },
  features: "text_embeds",
  pooled: true,
  bytes: 254058553,
  sha256: "3f6571f5bad13a97c469c1622e1cfc4d9aef78b79fdbfcff804ca357bfada8cc",
  evidence: {
    hub: "pinned with this hash, size and commit by several public programs",
    sha256: "the same programs",
    bytes: "the same programs",
    licence: "the same programs",
    preprocessing: "the same programs",
  },
  unverified: ["preprocessing.padId", "tokenizer"],
};
