import { fail } from "@graft-ml/core";
import { isJson, type Json } from "./settings.ts";

/** A node of a TensorFlow graph as a `model.json` has it. */
export interface DefNode {
  readonly name: string;
  readonly op: string;
  /** Names of the nodes that it reads, first outputs all. */
  readonly inputs: readonly string[];
  readonly attributes: Attributes;
}

/** Typed access to the attributes of a node. */
export interface Attributes {
  text(key: string, otherwise: string): string;
  texts(key: string): readonly string[];
  flag(key: string): boolean;
  whole(key: string, otherwise: number): number;
  wholes(key: string, otherwise: readonly number[]): readonly number[];
  float(key: string, otherwise: number): number;
  /** Dimensions, null where open. */
  shape(key: string): readonly (number | null)[] | undefined;
  type(key: string): string;
}

/** Reads the nodes of a GraphModel's topology. */
export function readNodes(where: string, topology: unknown): readonly DefNode[] {
  const list = isJson(topology) ? topology.node : undefined;
  if (!Array.isArray(list)) throw fail("backbones/keras", `${where} holds no graph: expected a list of nodes`);
  return list.map((node: unknown) => {
    const { name, op, input, attr } = isJson(node) ? node : {};
    if (typeof name !== "string" || typeof op !== "string") {
      throw fail(
        "backbones/keras",
        `${where}: expected name and op of every node; received ${JSON.stringify(node)?.slice(0, 80)}`,
      );
    }
    const names = Array.isArray(input) ? input.map(String) : [];
    const inputs = names
      .filter((from) => !from.startsWith("^"))
      .map((from) => bareName(`node "${name}" (${op})`, from));
    return { name, op, inputs, attributes: attributesOf(isJson(attr) ? attr : {}) };
  });
}

/** The node of a tensor's name: `node` or `node:0`; other outputs are refused. */
export function bareName(where: string, name: string): string {
  const [node, output = "0"] = name.split(":");
  if (output === "0") return node!;
  throw fail("backbones/keras", `${where} reads "${name}", a second output, which is not supported`);
}

function attributesOf(attr: Json): Attributes {
  const at = (key: string): Json => (isJson(attr[key]) ? attr[key] : {});
  const list = (key: string, kind: string): readonly unknown[] => {
    const { list: inner } = at(key);
    return isJson(inner) && Array.isArray(inner[kind]) ? inner[kind] : [];
  };
  const text = (value: unknown) => Buffer.from(String(value), "base64").toString("latin1");
  return {
    text: (key, otherwise) => (at(key).s === undefined ? otherwise : text(at(key).s)),
    texts: (key) => list(key, "s").map(text),
    flag: (key) => at(key).b === true,
    whole: (key, otherwise) => (at(key).i === undefined ? otherwise : Number(at(key).i)),
    wholes: (key, otherwise) => (list(key, "i").length === 0 ? otherwise : list(key, "i").map(Number)),
    float: (key, otherwise) => (at(key).f === undefined ? otherwise : Number(at(key).f)),
    shape(key) {
      const { shape } = at(key);
      if (!isJson(shape) || !Array.isArray(shape.dim)) return undefined;
      return shape.dim.map((dim: unknown) => {
        const size = Number(isJson(dim) ? dim.size : Number.NaN);
        return size >= 0 ? size : null;
      });
    },
    type: (key) => String(at(key).type ?? ""),
  };
}
