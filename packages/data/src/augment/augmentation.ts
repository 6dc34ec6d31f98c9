import { fail, type PlainOptions, type Random } from "@graft-ml/core";
import type { Box, RgbPicture } from "../resample.ts";

/** A random change of pictures that leaves what they show as it is. Seeded: the same stream makes the same change. */
export interface Augmentation {
  readonly of: "pictures";
  readonly name: string;
  /** One line for listings. */
  readonly summary: string;
  /** All that decides what it does, defaults filled in; plain JSON, which views are kept under. */
  readonly options: PlainOptions;
  /** Chooses the part of the whole picture that is resized for the network, instead of the middle; whole pixels inside it. */
  crop?(size: { readonly width: number; readonly height: number }, random: Random): Box;
  /** Changes a picture of the network's size; the one given stays as it is. */
  change?(picture: RgbPicture, random: Random): RgbPicture;
}

/** What is done to samples, whatever they are. */
export interface DescribedAugmentation {
  readonly name: string;
  readonly options: PlainOptions;
}

const WHERE = "data/augment";

/** Raise when the same options and the same stream make another picture or text: kept views of before are then others. */
const VERSION = 1;

/** A list of augmentations as one line of JSON that tells it from every other: kept views are found by it. */
export function describeAugmentations(list: readonly DescribedAugmentation[]): string {
  const described = list.map(({ name, options }) => {
    const text = JSON.stringify(options, (_, value: unknown) => {
      if (typeof value === "function" || typeof value === "symbol" || value === undefined || Number.isNaN(value)) {
        throw fail(
          WHERE,
          `cannot keep views made by "${name}": its options are no plain JSON, so that others would be taken for them. Mend its options`,
        );
      }
      return value;
    });
    return `{"name":${JSON.stringify(name)},"options":${text ?? "{}"}}`;
  });
  return `{"version":${VERSION},"list":[${described.join(",")}]}`;
}

/** The one augmentation of a list that crops, if any; two would contradict each other. */
export function cropOf(list: readonly Augmentation[]): Augmentation | undefined {
  const [first, second] = list.filter(({ crop }) => crop !== undefined);
  if (first !== undefined && second !== undefined) {
    throw fail(
      WHERE,
      `expected at most one augmentation that crops; received "${first.name}" and "${second.name}". Leave one out`,
    );
  }
  return first;
}
