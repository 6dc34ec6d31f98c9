import { fail } from "@graft-ml/core";
import { safeInteger } from "./integers.ts";
import { NEWEST_OPSET } from "./limits.ts";
import type { OpsetMessage } from "./messages.ts";
import { standard } from "./read-node.ts";

const WHERE = "graph/read";

/** Reads the operator sets that a model or a function is written for. */
export function readOpsets(imports: readonly OpsetMessage[]): Map<string, number> {
  const opsets = new Map<string, number>();
  for (const { domain, version } of imports) {
    const name = standard(domain);
    if (opsets.has(name)) throw fail(WHERE, `the operator set of domain "${name}" is imported twice`);
    const number = safeInteger(version, "opset version");
    if (number < 1 || (name === "" && number > NEWEST_OPSET)) {
      throw fail(WHERE, `expected operator set 1 to ${NEWEST_OPSET}; received ${number} of domain "${name}"`);
    }
    opsets.set(name, number);
  }
  return opsets;
}
