import type { Graph, LayerGroup } from "@graft-ml/core";

/** Names for layer groups by their weights' names; `$1` stands for the pattern's first group. */
export type GroupHints = readonly { readonly pattern: string; readonly name: string }[];

/** Groups under the names that hints give them, or that the graph's nodes do where weights have lost theirs. */
export function namedGroups(graph: Graph, groups: readonly LayerGroup[], hints: GroupHints): LayerGroup[] {
  const scopes = nodeScopes(graph);
  return renamed(groups, (group) => hintedName(group, hints) ?? firstScope(group, scopes));
}

/** Groups under other names; neighbours of one name are one group. */
export function renamed(
  groups: readonly LayerGroup[],
  nameOf: (group: LayerGroup) => string | undefined,
): LayerGroup[] {
  const joined: LayerGroup[] = [];
  const taken = new Set<string>();
  for (const group of groups) {
    const name = nameOf(group);
    const last = joined.at(-1);
    if (name !== undefined && last?.name === name) {
      const initializers = [...last.initializers, ...group.initializers];
      joined[joined.length - 1] = { name, initializers, boundary: group.boundary };
    } else {
      // A name that comes back further up stands for another group.
      const fresh = name !== undefined && !taken.has(name);
      joined.push(fresh ? { ...group, name } : group);
      if (fresh) taken.add(name);
    }
  }
  return joined;
}

function hintedName({ initializers }: LayerGroup, hints: GroupHints): string | undefined {
  for (const { pattern, name } of hints) {
    for (const initializer of initializers) {
      const match = new RegExp(pattern).exec(initializer);
      if (match !== null) return name.replace("$1", match[1] ?? "");
    }
  }
  return undefined;
}

/** Module of the first node that reads a weight, by weight; empty where every weight has a name of its own. */
function nodeScopes({
  nodes,
  initializers,
}: Graph): ReadonlyMap<string, { readonly at: number; readonly scope: string }> {
  const scopes = new Map<string, { at: number; scope: string }>();
  // PyTorch's exporter folds batch norm into weights and transposes them: `onnx::Conv_904`.
  if (![...initializers.keys()].some((name) => /^onnx::\w+_\d+$/.test(name))) return scopes;
  nodes.forEach((node, at) => {
    const scope = moduleOf(node.name);
    if (scope !== undefined)
      for (const name of node.inputs) if (initializers.has(name) && !scopes.has(name)) scopes.set(name, { at, scope });
  });
  return scopes;
}

function firstScope({ initializers }: LayerGroup, scopes: ReturnType<typeof nodeScopes>): string | undefined {
  const found = initializers.flatMap((name) => scopes.get(name) ?? []);
  return found.sort((a, b) => a.at - b.at)[0]?.scope;
}

/** `/blocks/blocks.5/blocks.5.1/conv/Conv` → `blocks.5`, `/bert/encoder/layer.3/output/Add` → `bert.encoder.layer.3`. */
function moduleOf(node: string): string | undefined {
  const parts = node.split("/").slice(1, -1);
  if (parts.length === 0) return undefined;
  const numbered = parts.findIndex((part) => /\.\d+$/.test(part));
  const path = numbered < 0 ? parts.slice(0, 1) : parts.slice(0, numbered + 1);
  const last = path.at(-1)!;
  // A list of modules repeats its name: `blocks`, `blocks.5`.
  return path.filter((part, i) => i === path.length - 1 || !last.startsWith(`${part}.`)).join(".");
}
