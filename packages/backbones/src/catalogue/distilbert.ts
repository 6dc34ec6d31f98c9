import type { CatalogueCard } from "./card.ts";

/** DistilBERT, uncased: masked words, distilled from BERT-base (Sanh et al., 2019). */
export const distilbert: CatalogueCard = {
  id: "distilbert",
  title: "DistilBERT, uncased",
  paper: "Sanh et al., 2019",
  task: "masked words, distilled from BERT-base",
  hub: { repository: "Xenova/distilbert-base-uncased", file: "onnx/model.onnx", revision: "main" },
  original: "distilbert/distilbert-base-uncased",
  licence: "Apache-2.0",
  preprocessing: { tokenizer: "wordpiece", maxTokens: 512, padId: 0, mask: "attention_mask", pooling: "mean" },
  tokenizer: { repository: "Xenova/distilbert-base-uncased", file: "tokenizer.json", revision: "main" },
  lastHidden: "transformer/layer\\.5/output_layer_norm/",
  parameters: 66362880,
  sha256: "unverified",
  evidence: {
    hub: "downloaded by public programs from this place",
    parameters:
      "onnx/models at b1eeaa1, turnkey_stats.yaml of distilbert_Opset17_transformers, without the head of masked words",
  },
  unverified: ["sha256", "licence", "preprocessing", "tokenizer", "lastHidden"],
};
