import type { CatalogueCard } from "./card.ts";

/** Inception-v3: ImageNet-1k classification (Szegedy et al., CVPR 2016). */
export const inceptionV3: CatalogueCard = {
  id: "inception-v3",
  title: "Inception-v3",
  paper: "Szegedy et al., CVPR 2016",
  task: "ImageNet-1k classification",
  hub: {
    repository: "onnxmodelzoo/inception_v3_Opset17_timm",
    file: "inception_v3_Opset17_timm.onnx",
    revision: "main",
  },
  original: "timm inception_v3.tv_in1k, by the ONNX Model Zoo",
  licence: "Apache-2.0",
  preprocessing: {
    size: 299,
    crop: 0.875,
    interpolation: "bicubic",
    mean: [127.5, 127.5, 127.5],
    std: [127.5, 127.5, 127.5],
    layout: "NCHW",
    channels: "RGB",
  },
  labels: "imagenet-1k",
  parameters: 23834568,
  bytes: 95317116,
  sha256: "d714dcf66d2a2819681b7e1900deab67d5a4be0725014390bd044d1fea746b1c",
  accuracy: { top1: 0.77472, source: "huggingface/pytorch-image-models at aa4b585, results/results-imagenet.csv" },
  evidence: {
    sha256: "onnx/models at b1eeaa1, the Git LFS pointer of inception_v3_Opset17_timm",
    bytes: "onnx/models at b1eeaa1, the Git LFS pointer of inception_v3_Opset17_timm",
    parameters: "onnx/models at b1eeaa1, turnkey_stats.yaml of the file",
    preprocessing: "huggingface/pytorch-image-models at aa4b585, timm/models/inception_v3.py",
    licence: "onnx/models at b1eeaa1, LICENSE",
  },
  unverified: ["hub.file", "original"],
};
