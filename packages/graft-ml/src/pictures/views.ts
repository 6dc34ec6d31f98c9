import { fail } from "@graft-ml/core";
import { type Augmentation, describeAugmentations, type TextAugmentation, viewHash } from "@graft-ml/data";

/** Views of each training sample that are kept below a frozen boundary. */
export interface SampleViews<A extends Augmentation | TextAugmentation = Augmentation> {
  readonly list: readonly A[];
  /** The list as the store tells it from others. */
  readonly description: string;
  /** The sample as it is among them. */
  readonly count: number;
  readonly seed: number;
}

const WHERE = "graft/augmentation";

/** Views that are kept where nobody says how many. */
const VIEWS = 4;

/** What a run is told about augmentation. */
export interface AugmentationOptions {
  readonly augmentation?: readonly (Augmentation | TextAugmentation)[];
  readonly views?: number;
  readonly seed?: number;
}

/** The augmentations of one kind of data; one of another kind is refused. */
export function augmentationsOf<Kind extends "pictures" | "texts">(
  kind: Kind,
  { augmentation = [] }: AugmentationOptions,
): readonly Extract<Augmentation | TextAugmentation, { readonly of: Kind }>[] {
  return augmentation.map((each) => {
    if (each.of === kind) return each as Extract<Augmentation | TextAugmentation, { readonly of: Kind }>;
    throw fail(WHERE, `"${each.name}" changes ${each.of}; the data are ${kind}. Leave it out`);
  });
}

/** The views of a run below a frozen boundary, if it keeps any but the samples as they are. */
export function viewsOf<A extends Augmentation | TextAugmentation>(
  list: readonly A[],
  { views, seed = 0 }: AugmentationOptions,
): SampleViews<A> | undefined {
  if (views !== undefined && (!Number.isSafeInteger(views) || views < 1 || views > 1000))
    throw fail(WHERE, `expected views to be 1 to 1000; received ${views}`);
  if (list.length === 0) {
    if (views === undefined || views === 1) return undefined;
    throw fail(
      WHERE,
      `expected augmentation together with ${views} views; received none. Name one, or leave views out`,
    );
  }
  const count = views ?? VIEWS;
  if (count === 1) {
    const names = list.map(({ name }) => name).join(", ");
    throw fail(
      WHERE,
      `expected at least 2 views with augmentation (${names}): the first is the sample as it is; received 1`,
    );
  }
  return { list, description: describeAugmentations(list), count, seed };
}

/** What a view of a sample is kept under. */
export function keptUnder(
  hash: string,
  view: number,
  views: SampleViews<Augmentation | TextAugmentation> | undefined,
): string {
  return views === undefined ? hash : viewHash(hash, view, views.description, views.seed);
}
