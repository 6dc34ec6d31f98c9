import { createHash } from "node:crypto";
import { access, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { fail, type TextPreprocessing } from "@graft-ml/core";

/** A `tokenizer.json` of this machine, and what it says of itself. */
export interface TokenizerFile {
  readonly url: URL;
  /** In hexadecimal. */
  readonly sha256: string;
  readonly kind: TextPreprocessing["tokenizer"];
  /** What it pads with, where it says so or has a token for it. */
  readonly padId?: number;
  /** What BERT's tokenizers put behind every text, where it has that. */
  readonly endId?: number;
  /** Longest sequence in tokens, where it says so. */
  readonly maxTokens?: number;
}

/** Name of the file in every repository of the Hugging Face hub. */
export const TOKENIZER = "tokenizer.json";

const KINDS = ["wordpiece", "bpe", "unigram"] as const;
const PADDING: ReadonlySet<unknown> = new Set(["[PAD]", "<pad>"]);

/** Where the tokenizer of a model's file should be: beside it, or above its folder `onnx`, as hubs have it. */
export async function besideModelFile(model: string): Promise<string | undefined> {
  const folder = dirname(resolve(model));
  const folders = basename(folder) === "onnx" ? [folder, dirname(folder)] : [folder];
  for (const path of folders.map((each) => join(each, TOKENIZER))) {
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (there) return path;
  }
  return undefined;
}

/** Reads what a `tokenizer.json` says of itself; with a known hash, another file is refused. */
export async function readTokenizer(path: string, where: string, sha256?: string): Promise<TokenizerFile> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === "ENOENT" ? "there is no such file" : (cause.code ?? cause.message);
    throw fail(where, `cannot read the tokenizer ${path}: ${why}. Check the path`, { cause });
  });
  const found = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== undefined && sha256 !== found)
    throw fail(where, `expected ${path} with sha256 ${sha256}; received ${found}. Get the file again`);
  const file = parse(bytes.toString("utf8"), path, where);
  const kind = KINDS.find((known) => known === String(file.model?.type ?? "").toLowerCase());
  if (kind === undefined)
    throw fail(
      where,
      `expected a tokenizer of ${KINDS.join(", ")} in ${path}; received ${JSON.stringify(file.model?.type)}`,
    );
  const tokens = Array.isArray(file.added_tokens) ? (file.added_tokens as readonly AddedToken[]) : [];
  const padId = file.padding?.pad_id ?? tokens.find((token) => PADDING.has(token?.content))?.id;
  const endId = tokens.find((token) => token?.content === "[SEP]")?.id;
  const maxTokens = file.truncation?.max_length;
  return {
    url: pathToFileURL(path),
    sha256: found,
    kind,
    ...(isId(padId) && { padId }),
    ...(isId(endId) && { endId }),
    ...(isId(maxTokens) && { maxTokens }),
  };
}

interface AddedToken {
  readonly id?: unknown;
  readonly content?: unknown;
}

interface FileContent {
  readonly model?: { readonly type?: unknown } | null;
  readonly padding?: { readonly pad_id?: unknown } | null;
  readonly truncation?: { readonly max_length?: unknown } | null;
  readonly added_tokens?: unknown;
}

function parse(text: string, path: string, where: string): FileContent {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw fail(where, `${path} is no valid JSON. Get the file again`, { cause });
  }
  if (typeof content !== "object" || content === null)
    throw fail(where, `${path} holds no tokenizer. Get the file again`);
  return content;
}

function isId(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
