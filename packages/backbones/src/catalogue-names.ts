import { unknownName } from "@graft-ml/core";
import type { CatalogueCard } from "./catalogue/card.ts";

/** The card of a name; `VGG16`, `ResNet-50` and `InceptionV3` are the same names as tutorials spell them. */
export function findCard(catalogue: ReadonlyMap<string, CatalogueCard>, name: string): CatalogueCard {
  const plain = plainName(name);
  for (const card of catalogue.values()) if (plainName(card.id) === plain) return card;
  throw unknownName("backbones", "backbone", name, [...catalogue.keys()]);
}

/** Ids that a pattern with `*` and `?` matches, in alphabetical order. */
export function matchNames(names: Iterable<string>, pattern: string): string[] {
  const source = pattern.toLowerCase().replace(/[.+^${}()|[\]\\]/g, "\\$&");
  const wanted = new RegExp(`^${source.replaceAll("*", ".*").replaceAll("?", ".")}$`);
  return [...names].filter((name) => wanted.test(name)).sort();
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/[-_ ]/g, "");
}
