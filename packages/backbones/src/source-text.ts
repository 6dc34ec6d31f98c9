import { fail, type Graph, type TextPreprocessing } from "@graft-ml/core";
import type { TokenizerFile } from "./text-tokenizer.ts";

/** How texts come into a graph that says nothing but shapes. */
export type KnownTextPreprocessing = Partial<TextPreprocessing>;

/** What a graph's mask is called where it has none of its own. */
const MASK = "attention_mask";

/** Fills in what the graph and its tokenizer tell about texts; asks once for all that is left. */
export function textPreprocessing(
  graph: Graph,
  known: KnownTextPreprocessing,
  tokenizer: TokenizerFile | undefined,
  where: string,
): TextPreprocessing {
  const kind = known.tokenizer ?? tokenizer?.kind;
  const maxTokens = known.maxTokens ?? tokenizer?.maxTokens;
  const padId = known.padId ?? tokenizer?.padId;
  const mask = known.mask ?? graph.inputs.find(({ name }) => /mask/i.test(name))?.name ?? MASK;
  const { pooling } = known;
  const missing = [
    kind === undefined && 'tokenizer ("wordpiece", "bpe" or "unigram"; a tokenizer.json beside the model says it)',
    maxTokens === undefined && "maxTokens (the longest sequence that the model takes)",
    padId === undefined && "padId (of the token that fills up shorter texts)",
    pooling === undefined && 'pooling ("mean", "cls", "last", "max" or "none")',
  ].filter((field) => field !== false);
  if (kind === undefined || maxTokens === undefined || padId === undefined || pooling === undefined) {
    throw fail(
      where,
      `the graph takes token ids, and does not say how texts become features. Give preprocessing with ${missing.join(", ")}`,
    );
  }
  if (tokenizer !== undefined && tokenizer.kind !== kind)
    throw fail(where, `expected a ${kind} tokenizer; ${tokenizer.url.pathname} is ${tokenizer.kind}. Correct the card`);
  const sha256 = tokenizer?.sha256 ?? known.tokenizerSha256;
  return {
    tokenizer: kind,
    ...(sha256 !== undefined && { tokenizerSha256: sha256 }),
    maxTokens,
    padId,
    mask,
    pooling,
  };
}
