export { sweepTemporary, writeAtomically } from "./atomic-write.ts";
export { augmentPicture } from "./augment/augment-picture.ts";
export {
  type Augmentation,
  cropOf,
  type DescribedAugmentation,
  describeAugmentations,
} from "./augment/augmentation.ts";
export * as augmentations from "./augment/index.ts";
export { drawnView, viewHash, viewRandom, visitRandom } from "./augment/views.ts";
export * as textAugmentations from "./augment-text/index.ts";
export {
  augmentText,
  type TextAugmentation,
  type TextVocabulary,
  type TokenSequence,
} from "./augment-text/text-augmentation.ts";
export { cacheFolder } from "./cache-folder.ts";
export { type CachedSpace, type CacheReport, cacheReport, type PruneOptions, pruneCache } from "./cache-report.ts";
export { type DataKind, dataKind } from "./data-kind.ts";
export {
  DECODER_VERSION,
  type DecodedPicture,
  decodeImage,
  decodeInto,
  decodePicture,
  fitPicture,
  normalizeInto,
  thumbnail,
} from "./decode.ts";
export { type DecodedBatch, type DecodeJob, type DecodeOptions, decodeBatches } from "./decode-batches.ts";
export type { Duplicate } from "./duplicates.ts";
export type { FeatureSpace } from "./feature-space.ts";
export { type FeatureSpaceParts, type FeatureStore, type FeatureStoreOptions, featureStore } from "./feature-store.ts";
export type { Split } from "./folder-layout.ts";
export type { SkippedPath } from "./folder-walk.ts";
export { type ImageDataset, type ImageFolderOptions, type ImageSample, imageFolder } from "./image-folder.ts";
export { npyBytes } from "./npy.ts";
export { type PictureList, type PictureListOptions, pictureList } from "./picture-list.ts";
export type { Box, RgbPicture } from "./resample.ts";
export { readSafetensors, writeSafetensors } from "./safetensors.ts";
export type { ColumnNames } from "./table-columns.ts";
export type { TableFormat } from "./table-file.ts";
export { type TextLinesOptions, textLines } from "./text-lines.ts";
export { type TextList, type TextListOptions, textList } from "./text-list.ts";
export { type TextSpaceParts, textHash, textSpaceParts } from "./text-space.ts";
export { type TextDataset, type TextSample, type TextTableOptions, textTable } from "./text-table.ts";
export {
  loadTokenizer,
  type TextTokenizer,
  TOKENIZER_VERSION,
  type TokenizedTexts,
  type TokenizeOptions,
} from "./tokenize.ts";
export { type LengthBatch, type PaddedTokens, padTokens, placeRows } from "./tokenized-batches.ts";
