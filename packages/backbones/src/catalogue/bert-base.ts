import type { CatalogueCard } from "./card.ts";

/** BERT-base, uncased: masked words and next sentence on English text (Devlin et al., NAACL 2019). */
export const bertBase: CatalogueCard = {
  id: "bert-base",
  title: "BERT-base, uncased",
  paper: "Devlin et al., NAACL 2019",
  task: "masked words and next sentence on English text",
  hub: { repository: "Xenova/bert-base-uncased", file: "onnx/model.onnx", revision: "main" },
  original: "google-bert/bert-base-uncased",
  licence: "Apache-2.0",
  preprocessing: { tokenizer: "wordpiece", maxTokens: 512, padId: 0, mask: "attention_mask", pooling: "mean" },
  tokenizer: { repository: "Xenova/bert-base-uncased", file: "tokenizer.json", revision: "main" },
  lastHidden: "encoder/layer\\.11/output/LayerNorm/",
  parameters: 109482240,
  sha256: "unverified",
  evidence: {
    hub: "downloaded by public programs from this place",
    parameters:
      "onnx/models at b1eeaa1, turnkey_stats.yaml of bert_Opset17_transformers, without the head of masked words",
  },
  unverified: ["sha256", "licence", "preprocessing", "tokenizer", "lastHidden"],
};
