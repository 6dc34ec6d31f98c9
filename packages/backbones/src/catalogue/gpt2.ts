import type { CatalogueCard } from "./card.ts";

/** GPT-2: next words on English web text (Radford et al., 2019). */
export const gpt2: CatalogueCard = {
  id: "gpt2",
  title: "GPT-2",
  paper: "Radford et al., 2019",
  task: "next words on English web text",
  hub: { repository: "onnxmodelzoo/gpt2-10", file: "gpt2-10.onnx", revision: "main" },
  original: "openai-community/gpt2, by the ONNX Model Zoo",
  licence: "Apache-2.0",
  preprocessing: { tokenizer: "bpe", maxTokens: 1024, padId: 50256, mask: "attention_mask", pooling: "last" },
  tokenizer: { repository: "openai-community/gpt2", file: "tokenizer.json", revision: "main" },
  features: "output1",
  parameters: 124439808,
  bytes: 548227537,
  sha256: "a4b41071a9fd8fd5591d74d6c7e3a850feaf161f7289148a3b845c84f75c55e0",
  evidence: {
    "hub.repository": "named by a public program",
    sha256: "onnx/models at b1eeaa1, the Git LFS pointer of gpt2-10.onnx",
    bytes: "onnx/models at b1eeaa1, the Git LFS pointer of gpt2-10.onnx",
    licence: "onnx/models at b1eeaa1, validated/text/machine_comprehension/gpt-2/README.md",
    parameters: "onnx/models at b1eeaa1, turnkey_stats.yaml of gpt2_Opset17_transformers, the same architecture",
  },
  unverified: ["hub.file", "preprocessing", "tokenizer"],
};
