import type { CatalogueCard } from "graft-ml";
import { byteSize, count, percent } from "../format.ts";
import type { Io } from "../io.ts";
import { table } from "../tables.ts";
import type { Listed } from "./list.ts";

/** A backbone as a listing's JSON has it; what its card leaves out is left out, and a plugin has no card. */
export interface ListedBackbone extends Listed {
  readonly card?: CatalogueCard;
}

/** Joins a listing with the catalogue's cards. */
export function describeBackbones(
  catalogue: ReadonlyMap<string, CatalogueCard>,
  listed: readonly Listed[],
): ListedBackbone[] {
  return listed.map((entry) => {
    const card = catalogue.get(entry.name);
    return card === undefined ? entry : { ...entry, card };
  });
}

/** What backbones take, their size, licence and accuracy, and where the accuracy was read. */
export function backboneTable(backbones: readonly ListedBackbone[], io: Io): string {
  return table(
    io,
    ["backbones", "takes", "parameters", "file", "licence", "hash", "ImageNet", "by"],
    backbones.map(({ name, summary, card }) => {
      if (card === undefined) return [name, "", "", "", "", "", "", summary];
      const { parameters, bytes, licence, sha256, accuracy } = card;
      return [
        name,
        takes(card),
        parameters === undefined ? "" : count(parameters),
        bytes === undefined ? "" : byteSize(bytes),
        licence,
        sha256 === "unverified" ? sha256 : "known",
        accuracy === undefined ? "" : percent(accuracy.top1),
        accuracy?.source ?? "",
      ];
    }),
  );
}

function takes({ preprocessing }: CatalogueCard): string {
  return "tokenizer" in preprocessing
    ? `texts, ${preprocessing.maxTokens} tokens`
    : `pictures, ${preprocessing.size}×${preprocessing.size}`;
}
