import { type Backbone, type BackboneSource, type Factory, fail, type Preprocessing } from "@graft-ml/core";
import { type Check, type Checks, listChecks } from "./check.ts";
import { type BackboneCheckOptions, backboneChecks } from "./check-backbone.ts";
import { holds, isOneLine, isSame } from "./expectations.ts";

/** How a source of weights is checked. */
export interface SourceCheckOptions extends BackboneCheckOptions {
  /** The same source, told to expect weights with another hash. */
  readonly otherHash?: () => BackboneSource<Preprocessing>;
  /** The same source on a machine that has nothing of it, and may not ask the network. */
  readonly offline?: () => BackboneSource<Preprocessing>;
}

/** The checks that every source of weights passes, for any test runner: those of its backbone, and that it keeps its word. */
export function checkSource(
  factory: Factory<BackboneSource<Preprocessing>>,
  options: SourceCheckOptions = {},
): Check[] {
  const checks: Checks = {
    "loading twice gives the same backbone": async () => {
      const [first, second] = [await factory().load(), await factory().load()];
      holds(described(first) === described(second), () => "expected the same card, nodes and groups; they differ");
      isSame(
        "the initializers of a second load",
        Object.fromEntries(second.graph.initializers),
        Object.fromEntries(first.graph.initializers),
      );
    },
    "weights with another hash are refused": () => isRefused("otherHash", options.otherHash, /sha256/),
    "offline, what is not here is refused": () => isRefused("offline", options.offline, /./),
  };
  return listChecks({ ...backboneChecks(factory, options), ...checks }, options.skip);
}

function described({ card, graph, groups, tokenizer }: Backbone<Preprocessing>): string {
  const { inputs, outputs, nodes } = graph;
  return JSON.stringify({ card, inputs, outputs, nodes, groups, tokenizer }, (_, value) =>
    typeof value === "bigint" ? String(value) : value,
  );
}

async function isRefused(
  option: string,
  source: (() => BackboneSource<Preprocessing>) | undefined,
  says: RegExp,
): Promise<void> {
  if (source === undefined) throw fail("testing", `give the option ${option}, or skip this check with a reason`);
  const message = await source()
    .load()
    .then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
  holds(message !== undefined, () => "expected the weights to be refused; they were taken");
  isOneLine("the refusal", message);
  holds(
    /^\[[a-z0-9/-]+\] /.test(message) && says.test(message),
    () =>
      `expected a refusal that says who speaks${says.source === "." ? "" : ` and names the ${says.source}`}; received "${message}"`,
  );
}
