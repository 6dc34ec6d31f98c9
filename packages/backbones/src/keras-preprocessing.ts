import type { KnownPreprocessing } from "./source-input.ts";

/** Pixels to −1..1. */
const TF: KnownPreprocessing = { mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5] };
/** As PyTorch's models have it. */
const TORCH: KnownPreprocessing = { mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375] };
/** Blue first, no scale, as Caffe's models have it. */
const CAFFE: KnownPreprocessing = { mean: [103.939, 116.779, 123.68], std: [1, 1, 1], channels: "BGR" };
/** The model's first layers do it. */
const INSIDE: KnownPreprocessing = { mean: [0, 0, 0], std: [1, 1, 1] };

/** Names that `keras.applications` gives its models, and what the `preprocess_input` beside each does. */
const KNOWN: readonly (readonly [RegExp, KnownPreprocessing])[] = [
  [/^vgg(16|19)$/, CAFFE],
  [/^resnet(50|101|152)$/, CAFFE],
  [/^resnet(50|101|152)v2$/, TF],
  [/^(inception_v3|inception_resnet_v2|xception)$/, TF],
  [/^mobilenet(v2)?_\d\.\d+_\d+$/, TF],
  [/^mobilenetv3(small|large)$/, INSIDE],
  [/^densenet(121|169|201)$/, TORCH],
  [/^nasnet/, TF],
  [/^efficientnet(b\d|v2-\w+)$/, INSIDE],
  [/^convnext_\w+$/, INSIDE],
];

/** How pixels go into a network of `keras.applications`, by the name that its configuration keeps. */
export function applicationPreprocessing(name: string | undefined): KnownPreprocessing {
  const plain = name?.toLowerCase() ?? "";
  return KNOWN.find(([pattern]) => pattern.test(plain))?.[1] ?? {};
}
