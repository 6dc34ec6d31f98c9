import type { Head, TargetSpec, Value, Values } from "@graft-ml/core";
import type { OpenGraph } from "@graft-ml/graph";
import type { Headed } from "./attach-head.ts";

/** A head's loss in a graph under construction. */
export interface SampleLosses {
  /** Loss of each sample, `[batch]`. */
  readonly losses: Value;
  /** What each sample counts in the mean, `[batch]`, where classes have weights. */
  readonly weights?: Value;
  /** The head's outputs by its own names. */
  readonly outputs: Values;
  /** What the targets are fed to. */
  readonly targets: Values;
}

/** Name of the input of each sample's own share in a mixture, `[batch]`. */
export const MIX_SHARE: string = "mix_share";

/** Name of the input that a target of a sample's partner in a mixture is fed to. */
export function partnerInput(name: string): string {
  return `${name}/partner`;
}

/**
 * Adds the head's loss of each sample, and the inputs that its targets are fed to. Where samples are mixtures (`mixes`) the targets of
 * their partners are inputs as well, and the loss is `share · own + (1 − share) · partner`, each part counting by its class's weight.
 */
export function sampleLosses(
  g: OpenGraph,
  { headed, head, targets }: { readonly headed: Headed; readonly head: Head; readonly targets: TargetSpec },
  batch: number,
  mixes: boolean = false,
): SampleLosses {
  const outputs: Values = Object.fromEntries(Object.entries(headed.outputs).map(([key, name]) => [key, g.value(name)]));
  const judged = (rename: (name: string) => string): SampleLosses => {
    const fed: Values = Object.fromEntries(
      head
        .targetInputs(targets)
        .map(({ name, dtype, dims }) => [name, g.input(rename(name), dtype, [batch, ...dims.slice(1)])]),
    );
    const weights = head.weigh?.(fed, g, targets);
    return { losses: head.loss(outputs, fed, g, targets), ...(weights && { weights }), outputs, targets: fed };
  };
  const own = judged((name) => name);
  if (!mixes) return own;
  const partner = judged(partnerInput);
  const share = g.input(MIX_SHARE, "float32", [batch]);
  const rest = g.op("Sub", [g.scalar(1), share]);
  const ownPart = own.weights === undefined ? share : g.op("Mul", [share, own.weights]);
  const partnerPart = partner.weights === undefined ? rest : g.op("Mul", [rest, partner.weights]);
  const sum = g.op("Add", [g.op("Mul", [ownPart, own.losses]), g.op("Mul", [partnerPart, partner.losses])]);
  if (own.weights === undefined) return { ...own, losses: sum };
  const weights = g.op("Add", [ownPart, partnerPart]);
  return { ...own, losses: g.op("Div", [sum, weights]), weights };
}
