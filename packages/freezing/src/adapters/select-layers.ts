import { fail, type PlainOptions } from "@graft-ml/core";
import type { Layer } from "./layers.ts";

/** Parts of names, between dots and slashes, that stand for attention's projections in the usual libraries. */
const PROJECTIONS: Readonly<Record<string, RegExp>> = {
  query: /^(.*query.*|q|wq|to_q|q_proj|q_lin|linear_q)$/i,
  key: /^(.*key.*|k|wk|to_k|k_proj|k_lin|linear_k)$/i,
  value: /^(.*value.*|v|wv|to_v|v_proj|v_lin|linear_v)$/i,
};
/** The same of kernels that make query, key and value at once. */
const MERGED = /qkv|^in_proj|^c_attn$|query_key_value/i;
/** The parts of such a kernel, in their order. */
export const PARTS: readonly string[] = ["query", "key", "value"];

/** Which layers get an adapter. */
export interface LayerChoice {
  /** Glob patterns; left out: the projections, or all layers where there are none. */
  readonly targets: readonly string[] | undefined;
  /** Projections that the choice falls on without patterns. */
  readonly projections: readonly string[];
  /** Why the adapter cannot work on a layer, if so. */
  readonly refusal?: (layer: Layer) => string | undefined;
}

/** Chooses layers; a pattern that matches nothing, or only what cannot be adapted, is an error. */
export function selectLayers(where: string, layers: readonly Layer[], choice: LayerChoice): Layer[] {
  const { targets, projections } = choice;
  const refused = (layer: Layer): string | undefined => layer.obstacle ?? choice.refusal?.(layer);
  if (targets !== undefined) {
    const chosen = new Set(targets.flatMap((pattern) => matching(where, layers, pattern, refused)));
    return layers.filter((layer) => chosen.has(layer));
  }
  const usual = layers.filter(
    (layer) => isMerged(layer) || projections.some((part) => hasPart(layer, PROJECTIONS[part]!)),
  );
  const chosen = (usual.length > 0 ? usual : layers).filter((layer) => choice.refusal?.(layer) === undefined);
  // Passing over a kernel that is taken would make what trains depend on what was attached before.
  const taken = chosen.find(({ obstacle }) => obstacle?.includes("already"));
  const free = chosen.filter(({ obstacle }) => obstacle === undefined);
  if (taken !== undefined)
    throw fail(where, `the kernel "${taken.kernel}" ${taken.obstacle}. Choose others by targets`);
  if (free.length === 0) throw fail(where, "found no layer in the groups that it can be put on. Choose other groups");
  return free;
}

function matching(
  where: string,
  layers: readonly Layer[],
  pattern: string,
  refused: (layer: Layer) => string | undefined,
): Layer[] {
  const glob = globOf(pattern);
  const found = layers.filter(({ names }) => names.some((name) => glob.test(name)));
  if (found.length === 0) {
    const near = nearNames(pattern, layers);
    const hint = near.length === 0 ? "they have none" : `near it: ${near.join(", ")}`;
    throw fail(
      where,
      `targets "${pattern}" matches no kernel of the groups; ${hint}. Patterns match whole names, * any part`,
    );
  }
  const free = found.filter((layer) => refused(layer) === undefined);
  if (free.length === 0) {
    throw fail(
      where,
      `targets "${pattern}" matches the kernel "${found[0]!.kernel}", which ${refused(found[0]!)}. Choose others`,
    );
  }
  return free;
}

/** Whether a linear layer makes query, key and value at once, as its names say. */
export function isMerged(layer: Layer): boolean {
  return layer.kind === "linear" && layer.outputs % PARTS.length === 0 && hasPart(layer, MERGED);
}

function hasPart({ names }: Layer, wanted: RegExp): boolean {
  return names.some((name) => name.split(/[./:]/).some((part) => wanted.test(part)));
}

/** A pattern as an expression: `*` is any run of characters, `?` is one. */
function globOf(pattern: string): RegExp {
  const parts = pattern.split(/(\*+|\?)/).map((part) => {
    if (part.startsWith("*")) return ".*";
    return part === "?" ? "." : part.replace(/[.+^${}()|[\]\\/-]/g, "\\$&");
  });
  return new RegExp(`^${parts.join("")}$`);
}

/** The three names that share the most pairs of letters with a pattern. */
function nearNames(pattern: string, layers: readonly Layer[]): string[] {
  const wanted = pairs(pattern);
  const score = (name: string): number =>
    [...pairs(name)].filter((pair) => wanted.has(pair)).length / name.length ** 0.5;
  const scored = layers.flatMap(({ names }) => {
    const [best] = names.map((name) => ({ name, score: score(name) })).sort((a, b) => b.score - a.score);
    return best === undefined ? [] : [best];
  });
  return scored
    .sort((a, b) => b.score - a.score)
    .slice(0, 3)
    .map(({ name }) => `"${name}"`);
}

function pairs(text: string): Set<string> {
  const letters = text.toLowerCase().replace(/[^a-z0-9]/g, " ");
  const all = Array.from({ length: Math.max(0, letters.length - 1) }, (_, i) => letters.slice(i, i + 2));
  return new Set(all.filter((pair) => !pair.includes(" ")));
}

/** Reads a list of words, given as such or with commas between them. */
export function wordsOption(where: string, options: PlainOptions, name: string): readonly string[] | undefined {
  const value = options[name];
  if (value === undefined) return undefined;
  const words: unknown = typeof value === "string" ? value.split(",").map((word) => word.trim()) : value;
  const ok = Array.isArray(words) && words.length > 0 && words.every((word) => typeof word === "string" && word !== "");
  if (!ok)
    throw fail(
      where,
      `expected ${name} to be one or more words with commas between; received ${JSON.stringify(value)}`,
    );
  return words as readonly string[];
}

/** Reads which parts of a merged kernel are adapted. */
export function columnsOption(where: string, options: PlainOptions): readonly string[] | undefined {
  const columns = wordsOption(where, options, "columns");
  const wrong = columns?.find((part, i) => !PARTS.includes(part) || columns.indexOf(part) !== i);
  if (wrong !== undefined) {
    throw fail(
      where,
      `expected columns to be some of ${PARTS.join(", ")}, each once; received ${JSON.stringify(wrong)}`,
    );
  }
  return columns;
}
