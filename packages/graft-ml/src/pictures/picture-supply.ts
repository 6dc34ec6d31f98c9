import { type Backbone, fail } from "@graft-ml/core";
import { type Augmentation, cropOf, type ImageDataset, type ImageSample } from "@graft-ml/data";
import { openEngine } from "@graft-ml/runtime";
import type { SampleSource } from "@graft-ml/trainers";
import { extractFeatures, featureSource } from "../features.ts";
import type { Prepared, SampleSupply } from "../supply.ts";
import type { TransferOptions } from "../transfer.ts";
import { pictureSource } from "./pictures.ts";
import { augmentationsOf, type SampleViews, viewsOf } from "./views.ts";

/** The pictures of a dataset at any boundary of a backbone. */
export function pictureSupply(
  options: PictureSupplyOptions,
  dataset: ImageDataset,
  backbone: Backbone,
): SampleSupply<ImageSample> {
  const list = augmentationsOf("pictures", options);
  cropOf(list);
  const views = viewsOf(list, options);
  return { at: (boundary) => prepare(options, dataset, backbone, boundary, list, views) };
}

/** What a supply of pictures takes of a run's options. */
export type PictureSupplyOptions = Pick<
  TransferOptions,
  "cache" | "control" | "strict" | "augmentation" | "views" | "seed"
>;

async function prepare(
  options: PictureSupplyOptions,
  dataset: ImageDataset,
  backbone: Backbone,
  boundary: string,
  list: readonly Augmentation[],
  views: SampleViews | undefined,
): Promise<Prepared<ImageSample>> {
  const usable = (split: ImageSample["split"], failed: ReadonlySet<string>): ImageSample[] =>
    dataset.samples.filter((sample) => sample.split === split && !failed.has(sample.sha256));
  const parts = async (
    failed: ReadonlySet<string>,
    source: (samples: ImageSample[], split: ImageSample["split"]) => Promise<SampleSource<number>>,
  ): Promise<Prepared<ImageSample>> => {
    const testSamples = usable("test", failed);
    const validation = usable("validation", failed);
    return {
      train: await source(usable("train", failed), "train"),
      test: await source(testSamples, "test"),
      testSamples,
      ...(validation.length > 0 && { validation: await source(validation, "validation") }),
    };
  };
  const { input, preprocessing } = backbone.card;
  if (boundary === input) {
    const { seed = 0 } = options;
    return parts(new Set(), async (samples, split) =>
      pictureSource(input, samples, preprocessing, split === "train" ? { augmentation: list, seed } : {}),
    );
  }
  const engine = await openEngine("onnxruntime");
  const extracted = await extractFeatures(backbone, boundary, dataset.samples, {
    engine,
    ...(views && { views }),
    ...(options.cache !== undefined && { cache: options.cache }),
    ...(options.control && { control: options.control }),
  });
  const [first] = extracted.failed;
  if (options.strict && first) {
    throw fail("graft/transfer", `cannot decode ${first.sample.path}: ${first.reason}. Remove it, or leave strict off`);
  }
  const failed = new Set(extracted.failed.map(({ sample }) => sample.sha256));
  const prepared = await parts(failed, (samples, split) =>
    featureSource(boundary, extracted, samples, split === "train" ? views : undefined),
  );
  return { ...prepared, extracted };
}
