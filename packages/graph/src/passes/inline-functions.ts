import { type Attribute, fail, type GraphNode } from "@graft-ml/core";
import { DEEPEST_CALL, MOST_NODES } from "../model/limits.ts";
import type { OpenNode } from "../model/read-node.ts";

/** An operator that a model defines by other operators. */
export interface LocalFunction {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly OpenNode[];
  /** Attributes that a call may leave out. */
  readonly defaults: Readonly<Record<string, Attribute>>;
  readonly opsets: ReadonlyMap<string, number>;
}

/** What a graph is after its functions were written out. */
export interface Inlined {
  readonly nodes: readonly GraphNode[];
  readonly opsets: ReadonlyMap<string, number>;
}

interface Unfolded {
  readonly size: number;
  /** Calls inside one another. */
  readonly height: number;
}

const WHERE = "graph/inline-functions";
/** Stands for a function as long as it is being counted. */
const COUNTING: Unfolded = { size: 0, height: 0 };
const LONGEST_SCOPE = 200;

/** The name by which a node finds its function. */
export function functionKey(domain: string, name: string, overload: string): string {
  return JSON.stringify([domain, name, overload]);
}

/**
 * Replaces every call of a function by its body. Values inside get names of their own, attributes are taken from the call or the
 * function's defaults. `names` are the values that the graph has beside those of its nodes.
 */
export function inlineFunctions(
  nodes: readonly OpenNode[],
  functions: ReadonlyMap<string, LocalFunction>,
  opsets: ReadonlyMap<string, number>,
  names: Iterable<string>,
): Inlined {
  const taken = new Set<string>(names);
  for (const node of nodes) for (const output of node.outputs) taken.add(output);
  const result: GraphNode[] = [];
  const imported = new Map(opsets);
  const counters = new Map<string, number>();
  const fresh = (hint: string): string => {
    let count = counters.get(hint) ?? 0;
    let name = count === 0 ? hint : `${hint}.${count}`;
    while (taken.has(name)) name = `${hint}.${++count}`;
    counters.set(hint, count + 1);
    taken.add(name);
    return name;
  };
  checkSizes(nodes, functions);
  const expand = (node: OpenNode): void => {
    const key = functionKey(node.domain, node.op, node.overload);
    const called = functions.get(key);
    if (called === undefined) {
      const { name, op, domain, inputs, outputs, attributes } = node;
      result.push({ name, op, domain, inputs, outputs, attributes });
      return;
    }
    if (!opsets.has(node.domain))
      throw fail(
        WHERE,
        `node "${node.name}" calls ${called.name} of domain "${node.domain}", which the model does not import`,
      );
    importOpsets(imported, called);
    const { body, ends } = renamed(node, called, fresh);
    for (const inner of body) expand(inner);
    for (const end of ends) result.push(end);
  };
  for (const node of nodes) {
    const [reference] = node.references.values();
    if (reference !== undefined)
      throw fail(
        WHERE,
        `node "${node.name}" refers to the attribute ${reference.name} of a function, but stands in none`,
      );
    expand(node);
  }
  return { nodes: result, opsets: imported };
}

/** Counts what the calls of a graph unfold to before anything is made, since a few functions can ask for any number of nodes. */
function checkSizes(nodes: readonly OpenNode[], functions: ReadonlyMap<string, LocalFunction>): void {
  const known = new Map<string, Unfolded>();
  const unfold = (node: OpenNode, depth: number): Unfolded => {
    const key = functionKey(node.domain, node.op, node.overload);
    const called = functions.get(key);
    if (called === undefined) return { size: 1, height: 0 };
    const before = known.get(key);
    if (before === COUNTING) throw fail(WHERE, `node "${node.name}": the function ${called.name} calls itself`);
    if (depth + (before?.height ?? 0) > DEEPEST_CALL)
      throw fail(WHERE, `node "${node.name}": functions call each other more than ${DEEPEST_CALL} deep`);
    if (before !== undefined) return before;
    known.set(key, COUNTING);
    // Each output may need a copy.
    let [size, height] = [called.outputs.length, 0];
    for (const inner of called.nodes) {
      const one = unfold(inner, depth + 1);
      size += one.size;
      height = Math.max(height, one.height);
    }
    const found = { size, height: height + 1 };
    known.set(key, found);
    return found;
  };
  let total = 0;
  for (const node of nodes) {
    total += unfold(node, 1).size;
    if (total > MOST_NODES)
      throw fail(WHERE, `the functions of the graph unfold to more than ${MOST_NODES} nodes, at node "${node.name}"`);
  }
}

/** A function's nodes under the names of one call, and the copies for outputs that are another value's second name. */
function renamed(
  call: OpenNode,
  called: LocalFunction,
  fresh: (hint: string) => string,
): { readonly body: readonly OpenNode[]; readonly ends: readonly GraphNode[] } {
  if (call.inputs.length > called.inputs.length || call.outputs.length > called.outputs.length) {
    throw fail(WHERE, `node "${call.name}" has more inputs or outputs than the function ${called.name}`);
  }
  // The end alone: names of names of names would outgrow the file.
  const scope = call.name.slice(-LONGEST_SCOPE);
  const names = new Map<string, string>();
  called.inputs.forEach((name, i) => {
    names.set(name, call.inputs[i] ?? "");
  });
  const wanted = new Map<string, string>();
  const copies: (readonly [string, string])[] = [];
  called.outputs.forEach((name, i) => {
    const outer = call.outputs[i] ?? "";
    if (outer === "") return;
    if (names.has(name) || wanted.has(name)) copies.push([name, outer]);
    else wanted.set(name, outer);
  });
  const look = (name: string): string => {
    if (name === "") return "";
    const found = names.get(name);
    if (found === undefined)
      throw fail(
        WHERE,
        `node "${call.name}": the function ${called.name} reads "${name}", which nothing before it makes`,
      );
    return found;
  };
  const make = (name: string): string => {
    if (name === "") return "";
    if (names.has(name)) throw fail(WHERE, `node "${call.name}": the function ${called.name} makes "${name}" twice`);
    const own = wanted.get(name) ?? fresh(`${scope}/${name}`);
    names.set(name, own);
    return own;
  };
  const body = called.nodes.map((inner): OpenNode => {
    const inputs = inner.inputs.map(look);
    return {
      ...inner,
      name: `${scope}/${inner.name}`,
      inputs,
      outputs: inner.outputs.map(make),
      attributes: attributesFrom(inner, call, called),
      references: new Map(),
    };
  });
  const ends = copies.map(([name, outer]) => ({
    name: outer,
    op: "Identity",
    domain: "",
    inputs: [look(name)],
    outputs: [outer],
    attributes: {},
  }));
  return { body, ends };
}

function attributesFrom(inner: OpenNode, call: OpenNode, called: LocalFunction): Record<string, Attribute> {
  const attributes = new Map(Object.entries(inner.attributes));
  for (const [own, { name, type }] of inner.references) {
    const home = [call.attributes, called.defaults].find((list) => Object.hasOwn(list, name));
    const given = home?.[name];
    if (given !== undefined && given.type !== type)
      throw fail(
        WHERE,
        `node "${call.name}" gives its attribute ${name} as ${given.type}; ${called.name} takes ${type || "no known type"}`,
      );
    // Left out by the call and without a default: left out here, too.
    if (given !== undefined) attributes.set(own, given);
  }
  return Object.fromEntries(attributes);
}

function importOpsets(imported: Map<string, number>, called: LocalFunction): void {
  for (const [domain, version] of called.opsets) {
    const known = imported.get(domain);
    if (known !== undefined && known !== version) {
      throw fail(
        WHERE,
        `the function ${called.name} is written for operator set ${version} of domain "${domain}"; the model has ${known}`,
      );
    }
    imported.set(domain, version);
  }
}
