import { createHash } from "node:crypto";
import type { TextPreprocessing } from "@graft-ml/core";
import type { FeatureSpaceParts } from "./feature-store.ts";
import { TOKENIZER_VERSION } from "./tokenize.ts";

/** sha256 of a text, or of two of a pair, in hexadecimal: what its features are kept under. */
export function textHash(text: string, pair?: string): string {
  // As JSON no pair looks like another or like a single text.
  return createHash("sha256")
    .update(JSON.stringify(pair === undefined ? [text] : [text, pair]))
    .digest("hex");
}

/** What features of texts depend on besides the text itself. */
export interface TextSpaceParts extends Omit<FeatureSpaceParts, "preprocessing" | "decoder"> {
  readonly preprocessing: TextPreprocessing;
  /** sha256 of the tokenizer's file. */
  readonly tokenizer: string;
}

/**
 * The parts of a feature space of texts. Padding and its id are not among them: the mask keeps them out of the features, so that
 * neither the batch size nor a batch's longest text makes another space.
 */
export function textSpaceParts({ preprocessing, tokenizer, ...parts }: TextSpaceParts): FeatureSpaceParts {
  const { maxTokens, pooling } = preprocessing;
  return { ...parts, preprocessing: { maxTokens, pooling }, decoder: `${TOKENIZER_VERSION} ${tokenizer}` };
}
