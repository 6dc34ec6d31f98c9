import type { Head, TargetSpec, Value, Values } from "@graft-ml/core";
import type { OpenGraph } from "@graft-ml/graph";
import type { Headed } from "./attach-head.ts";

/** Adds the head's loss of each sample, `[batch]`, and the inputs that its targets are fed to. */
export function sampleLosses(
  g: OpenGraph,
  { headed, head, targets }: { readonly headed: Headed; readonly head: Head; readonly targets: TargetSpec },
  batch: number,
): Value {
  const outputs: Values = Object.fromEntries(Object.entries(headed.outputs).map(([key, name]) => [key, g.value(name)]));
  const fed: Values = Object.fromEntries(
    head.targetInputs(targets).map(({ name, dtype, dims }) => [name, g.input(name, dtype, [batch, ...dims.slice(1)])]),
  );
  return head.loss(outputs, fed, g);
}
