import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { checkInterrupted, fail, type RunControl } from "@graft-ml/core";
import { Tokenizer } from "@huggingface/tokenizers";
import { unreadable } from "./folder-walk.ts";

const WHERE = "data/tokenize";
const AT_ONCE = 256;

/** Recipe and library: features of other tokens are other features. */
export const TOKENIZER_VERSION: string = "graft-1 tokenizers.js-0.2.0";

/** How texts are cut. */
export interface TokenizeOptions {
  /** Longest sequence in tokens, the special ones included. */
  readonly maxTokens: number;
  /** The second text of each pair, as many as there are texts. */
  readonly pairs?: readonly string[];
  readonly control?: RunControl;
}

/** Texts as token ids, each at its own length; `padTokens` makes batches of them. */
export interface TokenizedTexts {
  /** Of each text, special tokens included. */
  readonly ids: readonly Int32Array[];
  /** 0 for the first text of a pair and 1 for the second, by token; only of pairs. */
  readonly types?: readonly Uint8Array[];
  /** Places of the texts that were longer than `maxTokens` and lost their end. */
  readonly truncated: readonly number[];
  readonly maxTokens: number;
}

/** What a `tokenizer.json` makes of texts. */
export interface TextTokenizer {
  /** Of the file, in hexadecimal. */
  readonly sha256: string;
  /** `wordpiece`, `bpe`, `unigram`, … */
  readonly model: string;
  /** Tokens that it knows, added ones included. */
  readonly size: number;
  /** What the file pads with, where it says so or has a `[PAD]` or `<pad>`. */
  readonly padId?: number;
  /** The id of a token, where there is one. */
  idOf(token: string): number | undefined;
  /** The token of an id, where there is one. */
  tokenOf(id: number): string | undefined;
  /** Whether an id stands for a token that is no word of a text: `[CLS]`, `</s>`, `[PAD]`, `[UNK]`, … */
  isSpecial(id: number): boolean;
  /** Cuts texts into tokens; says how many were longer than `maxTokens`. Lets other work happen in between. */
  tokenize(texts: readonly string[], options: TokenizeOptions): Promise<TokenizedTexts>;
}

interface Normalizer {
  readonly type?: string;
  readonly lowercase?: boolean;
  readonly handle_chinese_chars?: boolean;
  /** Of a `Sequence`. */
  readonly normalizers?: readonly Normalizer[];
}

interface TokenizerFile {
  readonly model: { readonly type?: string };
  readonly normalizer?: Normalizer | null;
  readonly post_processor?: { readonly type?: string } | null;
  readonly padding?: { readonly pad_id?: number } | null;
  readonly added_tokens?: readonly { readonly id: number; readonly content: string; readonly special?: boolean }[];
}

/** Loads a `tokenizer.json` of the Hugging Face libraries. Truncation and padding that it sets are left to the caller. */
export async function loadTokenizer(source: string | URL): Promise<TextTokenizer> {
  const path = typeof source === "string" ? source : fileURLToPath(source);
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === "ENOENT" ? "it does not exist" : unreadable(cause);
    throw fail(
      WHERE,
      `expected a tokenizer.json that can be read; received ${JSON.stringify(path)}: ${why}. Check the path`,
      { cause },
    );
  });
  const { file, tokenizer } = parseTokenizer(bytes.toString("utf8"), path);
  const idOf = (token: string) => tokenizer.token_to_id(token);
  const padId = file.padding?.pad_id ?? idOf("[PAD]") ?? idOf("<pad>");
  const encode = encoder(tokenizer, file.post_processor?.type === "RobertaProcessing");
  const prepare = asPython(file);
  const specials = new Set(
    (file.added_tokens ?? []).filter((token) => token.special === true).map((token) => token.id),
  );
  return {
    sha256: createHash("sha256").update(bytes).digest("hex"),
    model: (file.model.type ?? "bpe").toLowerCase(),
    size: tokenizer.get_vocab().size,
    ...(padId !== undefined && { padId }),
    idOf,
    tokenOf: (id) => tokenizer.id_to_token(id),
    isSpecial: (id) => specials.has(id),
    async tokenize(texts, { maxTokens, pairs, control }) {
      if (pairs !== undefined && pairs.length !== texts.length)
        throw fail(WHERE, `expected as many second texts as first ones; received ${texts.length} and ${pairs.length}`);
      const special = encode([], pairs && []).ids.length;
      if (!Number.isSafeInteger(maxTokens) || maxTokens <= special)
        throw fail(
          WHERE,
          `expected maxTokens to be an integer above the ${special} special tokens; received ${maxTokens}`,
        );
      const ids: Int32Array[] = [];
      const types: Uint8Array[] = [];
      const truncated: number[] = [];
      control?.onEvent?.({ type: "stage", stage: "tokenize", total: texts.length });
      for (const [at, text] of texts.entries()) {
        if (at % AT_ONCE === 0) {
          checkInterrupted(control?.signal, WHERE);
          control?.onEvent?.({ type: "progress", stage: "tokenize", done: at, total: texts.length });
          await new Promise(setImmediate);
        }
        const first = tokenizer.tokenize(prepare(text));
        const second = pairs && tokenizer.tokenize(prepare(pairs[at]!));
        const [keepFirst, keepSecond] = keptLengths(first.length, second?.length ?? 0, maxTokens - special);
        if (keepFirst < first.length || keepSecond < (second?.length ?? 0)) truncated.push(at);
        const encoded = encode(first.slice(0, keepFirst), second?.slice(0, keepSecond));
        ids.push(encoded.ids);
        if (pairs) types.push(encoded.types);
      }
      control?.onEvent?.({ type: "progress", stage: "tokenize", done: texts.length, total: texts.length });
      if (truncated.length > 0) {
        const message = `${truncated.length} of ${texts.length} texts have more than ${maxTokens} tokens; what is beyond is not read`;
        control?.onEvent?.({ type: "notice", message });
      }
      return { ids, ...(pairs && { types }), truncated, maxTokens };
    },
  };
}

function parseTokenizer(json: string, path: string): { file: TokenizerFile; tokenizer: Tokenizer } {
  try {
    const file = JSON.parse(json) as TokenizerFile;
    return { file, tokenizer: new Tokenizer(file, {}) };
  } catch (cause) {
    const [line] = (cause as Error).message.split("\n", 1);
    throw fail(
      WHERE,
      `expected a tokenizer.json in ${JSON.stringify(path)}; received one that cannot be used: ${line}`,
      {
        cause,
      },
    );
  }
}

const RARE_CHINESE = /[\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

/** What must happen to a text before the JavaScript library, so that the ids are those of the Python one. */
function asPython({ normalizer }: TokenizerFile): (text: string) => string {
  const steps = normalizer?.normalizers ?? (normalizer ? [normalizer] : []);
  const lower = steps.some((step) => step.type === "Lowercase" || step.lowercase === true);
  const chinese = steps.some((step) => step.type === "BertNormalizer" && step.handle_chinese_chars === true);
  return (text) => {
    // JavaScript lowers a sigma at a word's end to another letter.
    const lowered = lower ? text.replaceAll("Σ", "σ") : text;
    // The library looks at 16 bits at a time.
    return chinese ? lowered.replace(RARE_CHINESE, " $& ") : lowered;
  };
}

/** Puts special tokens around tokens and looks up their ids. */
function encoder(tokenizer: Tokenizer, roberta: boolean) {
  const unknown = tokenizer.model?.unk_token_id;
  return (first: string[], second?: string[]): { ids: Int32Array; types: Uint8Array } => {
    const processed = tokenizer.post_processor?.(first, second ?? null, true) ?? {
      tokens: first,
      tokens_pair: second ?? [],
      token_type_ids: [],
    };
    // Byte-level processors hand both back as they came.
    const tokens = [...processed.tokens, ...(processed.tokens_pair ?? [])];
    const typeOf = (at: number) => {
      // The Python library knows no types here.
      if (roberta) return 0;
      return at >= processed.tokens.length ? 1 : (processed.token_type_ids?.[at] ?? 0);
    };
    const ids = Int32Array.from(tokens, (token) => {
      const id = tokenizer.token_to_id(token) ?? unknown;
      if (id === undefined)
        throw fail(WHERE, `expected a known token; received ${JSON.stringify(token)}, and there is no unknown one`);
      return id;
    });
    const types = Uint8Array.from(tokens, (_, at) => typeOf(at));
    return { ids, types };
  };
}

/** Lengths that fit together: the longer is cut first, as `LongestFirst` of the `tokenizers` library does. */
function keptLengths(first: number, second: number, room: number): readonly [number, number] {
  if (first + second <= room) return [first, second];
  const short = Math.min(first, second, Math.floor(room / 2));
  const longer = room - short;
  return first > second ? [longer, short] : [short, longer];
}
