import { activate, elu, leakyRelu, relu, softmaxLayer, thresholdedRelu } from "../activations.ts";
import { only, type Translate } from "../layer.ts";
import { conv2d, depthwiseConv2d, separableConv2d } from "./convolutions.ts";
import { dense, embedding } from "./dense.ts";
import { add, average, concatenate, maximum, minimum, multiply, subtract } from "./merging.ts";
import { batchNormalization, layerNormalization, normalization, pRelu, rescaling } from "./normalizing.ts";
import {
  averagePooling2d,
  globalAveragePooling1d,
  globalAveragePooling2d,
  globalMaxPooling1d,
  globalMaxPooling2d,
  maxPooling2d,
} from "./pooling.ts";
import { cropping2d, flatten, permute, reshape, upSampling2d, zeroPadding2d } from "./shaping.ts";

/** Does something in training only. */
const nothing: Translate = only;

/** Every layer class that becomes nodes; models in models are translated by themselves. */
export const layers: Readonly<Record<string, Translate>> = {
  Activation: (c) => activate(c, only(c)),
  ActivityRegularization: nothing,
  Add: add,
  AlphaDropout: nothing,
  Average: average,
  AveragePooling2D: averagePooling2d,
  BatchNormalization: batchNormalization,
  Concatenate: concatenate,
  Conv2D: conv2d,
  Cropping2D: cropping2d,
  Dense: dense,
  DepthwiseConv2D: depthwiseConv2d,
  Dropout: nothing,
  ELU: elu,
  Embedding: embedding,
  Flatten: flatten,
  GaussianDropout: nothing,
  GaussianNoise: nothing,
  GlobalAveragePooling1D: globalAveragePooling1d,
  GlobalAveragePooling2D: globalAveragePooling2d,
  GlobalMaxPooling1D: globalMaxPooling1d,
  GlobalMaxPooling2D: globalMaxPooling2d,
  Identity: nothing,
  LayerNormalization: layerNormalization,
  LeakyReLU: leakyRelu,
  MaxPooling2D: maxPooling2d,
  Maximum: maximum,
  Minimum: minimum,
  Multiply: multiply,
  Normalization: normalization,
  PReLU: pRelu,
  Permute: permute,
  RandomBrightness: nothing,
  RandomContrast: nothing,
  RandomFlip: nothing,
  RandomRotation: nothing,
  RandomTranslation: nothing,
  RandomZoom: nothing,
  ReLU: relu,
  Rescaling: rescaling,
  Reshape: reshape,
  SeparableConv2D: separableConv2d,
  Softmax: softmaxLayer,
  SpatialDropout1D: nothing,
  SpatialDropout2D: nothing,
  Subtract: subtract,
  ThresholdedReLU: thresholdedRelu,
  UpSampling2D: upSampling2d,
  ZeroPadding2D: zeroPadding2d,
};
