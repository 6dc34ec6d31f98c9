import { type Head, onlyOptions, type PlainOptions } from "@graft-ml/core";
import { type Classified, classification } from "./classification.ts";

/** One affine map and softmax: on frozen features it is solved, not iterated. */
export function linear(options: PlainOptions = {}): Head<number, Classified> {
  onlyOptions("heads/linear", options, []);
  return classification("linear", "classification by one affine map; solved in closed form on frozen features", []);
}
