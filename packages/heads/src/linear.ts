import { type Head, onlyOptions, type PlainOptions } from "@graft-ml/core";
import { type Classified, classification, smoothingOption } from "./classification.ts";

/**
 * One affine map and softmax: on frozen features it is solved, not iterated. Default: no label smoothing (`smoothing`, a share of the
 * target); with it the head is trained.
 */
export function linear(options: PlainOptions = {}): Head<number, Classified> {
  onlyOptions("heads/linear", options, ["smoothing"]);
  const smoothing = smoothingOption("heads/linear", options);
  const summary = "classification by one affine map; solved in closed form on frozen features";
  return classification("linear", summary, { hidden: [], smoothing });
}
