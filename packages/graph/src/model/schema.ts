import { type Attribute, type DType, fail, type GraphNode } from "@graft-ml/core";
import { SCHEMAS } from "./schemas.ts";

/** What ONNX says of an operator from one operator set on. */
interface Schema {
  readonly since: number;
  /** Type variables, `#` before a type itself, `+` or `*` behind one that recurs. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly fewest: { readonly inputs: number; readonly outputs: number };
  readonly attributes: ReadonlyMap<string, { readonly type: string; readonly required: boolean }>;
  /** Letters of the element types that a variable may stand for. */
  readonly types: ReadonlyMap<string, string>;
}

const LETTERS: Readonly<Record<DType, string>> = {
  float32: "f",
  float64: "d",
  float16: "h",
  bfloat16: "b",
  int8: "c",
  int16: "s",
  int32: "i",
  int64: "l",
  uint8: "C",
  uint16: "S",
  uint32: "I",
  uint64: "L",
  bool: "o",
};
const ATTRIBUTES: Readonly<Record<Attribute["type"], string>> = {
  int: "i",
  float: "f",
  string: "s",
  tensor: "t",
  ints: "is",
  floats: "fs",
  strings: "ss",
};
const parsed = new Map<string, readonly Schema[]>();

/** Checks a node's number of inputs and outputs and its attributes against what ONNX says of its operator. */
export function checkForm(node: GraphNode, opset: number): void {
  const schema = schemaOf(node, opset);
  if (schema === undefined) return;
  const { fewest, inputs, outputs, attributes } = schema;
  const what = `node "${node.name}" (${node.op}, opset ${opset})`;
  for (const [kind, own, rule, least] of [
    ["inputs", node.inputs, inputs, fewest.inputs],
    ["outputs", node.outputs, outputs, fewest.outputs],
  ] as const) {
    const most = /[+*]$/.test(rule.at(-1) ?? "") ? Number.POSITIVE_INFINITY : rule.length;
    if (own.length < least || own.length > most) {
      const range = most === Number.POSITIVE_INFINITY ? `${least} or more` : `${least} to ${most}`;
      throw fail("graph/validate", `${what} has ${own.length} ${kind}; expected ${range}`);
    }
  }
  for (const [name, attribute] of Object.entries(node.attributes)) {
    const rule = attributes.get(name);
    if (rule === undefined) throw fail("graph/validate", `${what} has the attribute ${name}, which its operator lacks`);
    if (rule.type !== "?" && rule.type !== ATTRIBUTES[attribute.type])
      throw fail("graph/validate", `${what} has its attribute ${name} of type ${attribute.type}, which is not its own`);
  }
  for (const [name, { required }] of attributes) {
    if (required && !Object.hasOwn(node.attributes, name))
      throw fail("graph/validate", `${what} lacks its attribute ${name}`);
  }
}

/** Checks the element types of a node's inputs and outputs, `undefined` where one is left out. */
export function checkElementTypes(
  node: GraphNode,
  opset: number,
  inputs: readonly (DType | undefined)[],
  outputs: readonly (DType | undefined)[],
): void {
  const schema = schemaOf(node, opset);
  if (schema === undefined) return;
  const bound = new Map<string, DType>();
  const check = (kind: string, rules: readonly string[], own: readonly (DType | undefined)[]): void => {
    own.forEach((dtype, i) => {
      const rule = rules[i] ?? rules.at(-1);
      if (dtype === undefined || rule === undefined) return;
      const variable = rule.replace(/[+*]$/, "");
      const allowed = variable.startsWith("#") ? variable.slice(1) : (schema.types.get(variable) ?? "");
      const before = rule.endsWith("*") ? undefined : bound.get(variable);
      if (allowed.includes(LETTERS[dtype]) && (before === undefined || before === dtype)) {
        bound.set(variable, dtype);
        return;
      }
      const expected =
        before ??
        Object.entries(LETTERS)
          .flatMap(([name, letter]) => (allowed.includes(letter) ? [name] : []))
          .join(", ");
      throw fail(
        "graph",
        `node "${node.name}" (${node.op}, opset ${opset}): ${kind} ${i} is ${dtype}; expected ${expected || "a type that is not supported"}`,
      );
    });
  };
  check("input", schema.inputs, inputs);
  check("output", schema.outputs, outputs);
}

function schemaOf(node: GraphNode, opset: number): Schema | undefined {
  if (node.domain !== "") return undefined;
  let versions = parsed.get(node.op);
  if (versions === undefined) {
    versions = Object.hasOwn(SCHEMAS, node.op) ? SCHEMAS[node.op]!.split("|").flatMap(parse) : [];
    parsed.set(node.op, versions);
  }
  return versions.findLast(({ since }) => since <= opset);
}

function parse(text: string): Schema[] {
  const [since, ...fields] = text.split(";");
  // Without a word: deprecated from here on.
  if (fields.length < 6) return [];
  const [inputs, outputs, least, made, attributes, types] = fields.map((field) => field.split(" ").filter(Boolean));
  const pairs = (list: readonly string[]) => list.map((item) => item.split(":") as [string, string]);
  return [
    {
      since: Number(since),
      inputs: inputs!,
      outputs: outputs!,
      fewest: { inputs: Number(least), outputs: Number(made) },
      attributes: new Map(
        pairs(attributes!).map(([name, type]) => [name, { type: type.replace("!", ""), required: type.endsWith("!") }]),
      ),
      types: new Map(pairs(types!)),
    },
  ];
}
