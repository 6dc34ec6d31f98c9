import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Backbone, Preprocessing } from "@graft-ml/core";
import { holds } from "../expectations.ts";

/** A backbone of texts brings a `tokenizer.json` of the card's kind and hash; one of pictures brings none. */
export async function isTokenizer({ card, tokenizer }: Backbone<Preprocessing>): Promise<void> {
  if (!("tokenizer" in card.preprocessing)) {
    holds(tokenizer === undefined, () => "expected no tokenizer for pictures; received one");
    return;
  }
  holds(tokenizer?.protocol === "file:", () => `expected a tokenizer.json of this machine; received ${tokenizer}`);
  const bytes = await readFile(tokenizer);
  const { tokenizer: kind, tokenizerSha256: sha256 } = card.preprocessing;
  const { model } = JSON.parse(bytes.toString("utf8")) as { readonly model?: { readonly type?: string } };
  holds(
    model?.type?.toLowerCase() === kind,
    () => `expected a ${kind} tokenizer, as the card says; received ${JSON.stringify(model?.type)}`,
  );
  const found = createHash("sha256").update(bytes).digest("hex");
  holds(
    sha256 === undefined || sha256 === found,
    () => `expected a tokenizer with the card's sha256 ${sha256}; received ${found}`,
  );
}

/** Tokens that a backbone's tokenizer surely knows, at most a thousand; `undefined` where it brings none. */
export async function vocabularySize({ tokenizer }: Backbone<Preprocessing>): Promise<number | undefined> {
  if (tokenizer === undefined) return undefined;
  const { model } = JSON.parse(await readFile(tokenizer, "utf8")) as { readonly model?: { readonly vocab?: object } };
  const size = Object.keys(model?.vocab ?? {}).length;
  return size === 0 ? undefined : Math.min(1000, size);
}
