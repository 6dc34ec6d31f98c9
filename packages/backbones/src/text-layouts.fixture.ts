import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { CatalogueCard } from "./catalogue/card.ts";
import { catalogue } from "./source-catalogue.ts";

// Files and expected values: tools/golden/text_backbones.py, small random models in the layouts of hubs.

/** What `transformers` makes of the same texts. */
export interface TextGolden {
  readonly texts: readonly string[];
  readonly padId: number;
  readonly inputIds: readonly number[][];
  readonly attentionMask: readonly number[][];
  /** Two texts in one sequence; features are means. */
  readonly pairs?: Pick<TextGolden, "inputIds" | "attentionMask"> & { readonly features: readonly number[][] };
  /** By pooling, `[texts, width]`. */
  readonly features: Readonly<Record<string, readonly number[][]>>;
}

/** A file in the layout of a catalogued model, with its tokenizer. */
export interface TextLayout {
  /** The catalogue's, with the file's own padding and no hash. */
  readonly card: CatalogueCard;
  readonly model: Uint8Array;
  readonly tokenizer: Uint8Array;
  readonly golden: TextGolden;
}

const FOLDER = new URL("../golden/texts/", import.meta.url);

/** The layouts by the ids of the catalogue. */
export const textLayouts: Readonly<Record<string, TextLayout>> = Object.fromEntries(
  (
    [
      ["bert-base", "bert"],
      ["distilbert", "distilbert"],
      ["gpt2", "gpt2"],
      ["clip-vit-b32-text", "clip-text"],
    ] as const
  ).map(([id, file]) => {
    const read = (ending: string): Uint8Array => readFileSync(new URL(`${file}.${ending}`, FOLDER));
    const golden = JSON.parse(Buffer.from(read("json")).toString()) as TextGolden;
    const card = catalogue.get(id)!;
    const preprocessing = {
      ...card.preprocessing,
      maxTokens: 32,
      padId: golden.padId,
    } as CatalogueCard["preprocessing"];
    return [
      id,
      {
        card: { ...card, preprocessing, sha256: "unverified" },
        model: gunzipSync(read("onnx.gz")),
        tokenizer: read("tokenizer.json"),
        golden,
      },
    ];
  }),
);

/** The layouts' files by their places on a hub. */
export function textFiles(): Record<string, Uint8Array> {
  const at = ({ repository, revision, file }: NonNullable<CatalogueCard["hub"]>): string =>
    `${repository}/resolve/${revision}/${file}`;
  return Object.fromEntries(
    Object.values(textLayouts).flatMap(({ card, model, tokenizer }) => [
      [at(card.hub!), model],
      [at(card.tokenizer!), tokenizer],
    ]),
  );
}
