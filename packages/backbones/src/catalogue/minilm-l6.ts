import type { CatalogueCard } from "./card.ts";

/** all-MiniLM-L6-v2: contrastive learning on a billion pairs of English sentences (Wang et al., NeurIPS 2020). */
export const minilmL6: CatalogueCard = {
  id: "minilm-l6",
  title: "all-MiniLM-L6-v2",
  paper: "Wang et al., NeurIPS 2020",
  task: "contrastive learning on a billion pairs of English sentences",
  package: "@graft-ml/weights-minilm-l6",
  hub: {
    repository: "sentence-transformers/all-MiniLM-L6-v2",
    file: "onnx/model.onnx",
    revision: "1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
  },
  original: "sentence-transformers/all-MiniLM-L6-v2",
  licence: "Apache-2.0",
  preprocessing: { tokenizer: "wordpiece", maxTokens: 256, padId: 0, mask: "attention_mask", pooling: "mean" },
  tokenizer: {
    repository: "sentence-transformers/all-MiniLM-L6-v2",
    file: "tokenizer.json",
    revision: "1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
  },
  features: "last_hidden_state",
  bytes: 90405214,
  sha256: "6fd5d72fe4589f189f8ebc006442dbb529bb7ce38f8082112682524616046452",
  evidence: {
    hub: "pinned with this hash, size and commit by several public programs",
    sha256: "the same programs",
    bytes: "the same programs",
  },
  unverified: ["features", "tokenizer"],
};
