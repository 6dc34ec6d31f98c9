import { fail } from "@graft-ml/core";
import { functionKey, type LocalFunction } from "../passes/inline-functions.ts";
import type { FunctionMessage } from "./messages.ts";
import { readAttribute, readNode, standard } from "./read-node.ts";
import { readOpsets } from "./read-opsets.ts";
import type { ExternalLoader } from "./read-tensor.ts";

/** Reads a model's functions; a body is read when something calls it, so that what nobody needs is not refused. */
export function readFunctions(
  functions: readonly FunctionMessage[],
  external: ExternalLoader | undefined,
): ReadonlyMap<string, LocalFunction> {
  const table = new Map<string, LocalFunction>();
  for (const {
    name = "",
    domain,
    overload = "",
    input,
    output,
    node,
    attribute,
    attributeProto,
    opsetImport,
  } of functions) {
    const key = functionKey(standard(domain), name, overload);
    if (table.has(key)) throw fail("graph/read", `the function "${name}" of domain "${domain ?? ""}" appears twice`);
    for (const names of [input, output, [...attribute, ...attributeProto.map((a) => a.name ?? "")]]) {
      if (new Set(names).size !== names.length)
        throw fail("graph/read", `the function "${name}" of domain "${domain ?? ""}" has one name for two things`);
    }
    let body: Pick<LocalFunction, "nodes" | "defaults" | "opsets"> | undefined;
    const read = (): NonNullable<typeof body> => {
      body ??= {
        nodes: node.map((inner, i) => readNode(inner, i, external)),
        defaults: Object.fromEntries(attributeProto.map((a) => [a.name ?? "", readAttribute(a, name, external)])),
        opsets: readOpsets(opsetImport),
      };
      return body;
    };
    table.set(key, {
      name,
      inputs: input,
      outputs: output,
      get nodes() {
        return read().nodes;
      },
      get defaults() {
        return read().defaults;
      },
      get opsets() {
        return read().opsets;
      },
    });
  }
  return table;
}
