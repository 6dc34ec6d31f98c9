import { fail, type Head, onlyOptions, type PlainOptions } from "@graft-ml/core";
import { type Classified, classification, smoothingOption } from "./classification.ts";

/** Fully connected ReLU layers and softmax; `hidden` holds their widths (default `[256]`; a single number is one layer), `smoothing` is label smoothing (default 0). */
export function mlp(options: PlainOptions = {}): Head<number, Classified> {
  onlyOptions("heads/mlp", options, ["hidden", "smoothing"]);
  const { hidden = [256] } = options;
  const widths: unknown[] = Array.isArray(hidden) ? hidden : [hidden];
  if (widths.length === 0 || !widths.every((width) => Number.isSafeInteger(width) && (width as number) > 0)) {
    throw fail("heads/mlp", `expected hidden to be one or more positive integers; received ${JSON.stringify(hidden)}`);
  }
  const smoothing = smoothingOption("heads/mlp", options);
  return classification("mlp", "classification by fully connected ReLU layers", {
    hidden: widths as number[],
    smoothing,
  });
}
