import {
  type Backbone,
  elementBytes,
  type FreezingPhase,
  type FreezingPlan,
  GraftError,
  type Graph,
  type Preprocessing,
  type Tensor,
  type Tensors,
} from "@graft-ml/core";
import { dropIdentities, upTo, widenHalf } from "@graft-ml/graph";
import {
  type AdaptedBackbone,
  type AdapterBarrel,
  adapterParameters,
  attachAdapters,
  mergedInitializers,
} from "../adapters/attach-adapters.ts";
import { cutForPhase, type PhaseCut } from "../variables.ts";

/** What became of a backbone's initializers in training. */
export interface FreezeAudit {
  /** Initializers that no phase may change, and how many of them kept every bit. */
  readonly frozen: number;
  readonly identical: number;
  /** Initializers that a phase may change, and how many of them did. */
  readonly thawed: number;
  readonly changed: number;
  /** Frozen initializers that are not what they were. */
  readonly violations: readonly { readonly name: string; readonly difference: string }[];
}

/**
 * Compares a backbone with what training made of it, bit by bit: all but what the plan thaws must be as it was. `trained` is a graph that
 * holds the trained initializers, or only the changed ones by name. Nothing is thrown; `violations` says what moved.
 */
export function auditFreeze<P extends Preprocessing>(
  backbone: Backbone<P>,
  trained: Graph | Tensors,
  plan: FreezingPlan,
  adapters?: AdapterBarrel,
): FreezeAudit {
  const entries = plan.phases.flatMap((phase) => phase.adapters ?? []);
  const adapted = attachAdapters(backbone, entries, 0, adapters);
  const phases = plan.phases.map((phase) => ({
    normalization: phase.normalization,
    cut: cutForPhase(adapted.backbone, phase, adapterParameters(adapted, phase.adapters)),
  }));
  return audit(backbone.graph, trained, thawedInitializers(adapted, phases));
}

/** Initializers of a backbone that phases may change: trained ones, statistics of live normalisation, those that adapters merge into. */
export function thawedInitializers(
  adapted: AdaptedBackbone,
  phases: readonly { readonly cut: PhaseCut; readonly normalization: FreezingPhase["normalization"] }[],
): Set<string> {
  const { graph } = adapted.bare;
  const norms = graph.nodes.filter((node) => node.op === "BatchNormalization");
  const thawed = new Set(mergedInitializers(adapted));
  for (const { cut, normalization } of phases) {
    for (const name of Object.keys(cut.rates)) if (graph.initializers.has(name)) thawed.add(name);
    if (normalization !== "live") continue;
    for (const { inputs } of norms)
      if (inputs[1]! in cut.rates || inputs[2]! in cut.rates) for (const name of inputs.slice(3)) thawed.add(name);
  }
  return thawed;
}

/** Compares initializers bit by bit; those in `thawed` may differ. */
export function audit(base: Graph, trained: Graph | Tensors, thawed: ReadonlySet<string>): FreezeAudit {
  const whole = isGraph(trained);
  const violations: { name: string; difference: string }[] = [];
  let [frozen, changed, free] = [0, 0, 0];
  for (const [name, before] of base.initializers) {
    const after = whole ? trained.initializers.get(name) : Object.hasOwn(trained, name) ? trained[name] : before;
    const difference = after === undefined ? "is missing" : differenceOf(before, after);
    if (thawed.has(name)) {
      free++;
      if (difference !== undefined) changed++;
    } else {
      frozen++;
      if (difference !== undefined) violations.push({ name, difference });
    }
  }
  return { frozen, identical: frozen - violations.length, thawed: free, changed, violations };
}

/** Audits a whole model that was made of a backbone, as it is exported; a frozen initializer that moved is a bug, and thrown. */
export function auditModel<P extends Preprocessing>(
  { card, graph }: Backbone<P>,
  model: Graph,
  thawed: ReadonlySet<string>,
): FreezeAudit {
  // Exporting narrows halves and drops what no output needs: undone, and done to the backbone as well.
  const found = audit(dropIdentities(upTo(graph, [card.features])), widenHalf(model), thawed);
  const [first] = found.violations;
  if (first === undefined) return found;
  throw new GraftError(
    "bug",
    "graft/audit",
    `${found.violations.length} of ${found.frozen} frozen initializers changed in training; the first, "${first.name}", ${first.difference}`,
  );
}

function differenceOf(before: Tensor, after: Tensor): string | undefined {
  const kind = ({ dtype, dims }: Tensor): string => `${dtype} [${dims.join(", ")}]`;
  if (kind(before) !== kind(after)) return `was ${kind(before)} and is ${kind(after)}`;
  const [a, b] = [before, after].map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  if (Buffer.compare(a!, b!) === 0) return undefined;
  const size = elementBytes(before.dtype);
  const differs = new Set<number>();
  a!.forEach((byte, i) => {
    if (byte !== b![i]) differs.add(Math.floor(i / size));
  });
  return `differs in ${differs.size} of ${before.data.length} numbers`;
}

function isGraph(trained: Graph | Tensors): trained is Graph {
  return "initializers" in trained && trained.initializers instanceof Map;
}
