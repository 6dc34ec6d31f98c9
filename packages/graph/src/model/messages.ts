import type { Field, Kind, Message } from "./wire.ts";

/** An integer of a file. */
export type Integer = number | bigint;

/** A key with its value. */
export interface EntryMessage {
  readonly key?: string;
  readonly value?: string;
}

/** `TensorProto`. */
export interface TensorMessage {
  readonly dims?: BigInt64Array;
  readonly dataType?: Integer;
  readonly segment?: unknown;
  readonly stringData: readonly Uint8Array[];
  readonly floatData?: Float32Array;
  readonly int32Data?: Int32Array;
  readonly int64Data?: BigInt64Array;
  readonly uint64Data?: BigUint64Array;
  readonly doubleData?: Float64Array;
  readonly rawData?: Uint8Array;
  readonly name?: string;
  readonly externalData: readonly EntryMessage[];
  readonly dataLocation?: Integer;
}

/** `AttributeProto`; graphs and types stay unread. */
export interface AttributeMessage {
  readonly name?: string;
  readonly refAttrName?: string;
  readonly type?: Integer;
  readonly f?: number;
  readonly i?: Integer;
  readonly s?: Uint8Array;
  readonly t?: TensorMessage;
  readonly floats?: Float32Array;
  readonly ints?: BigInt64Array;
  readonly strings: readonly Uint8Array[];
  /** Contents of other kinds: graphs, types, lists of tensors. */
  readonly other: readonly unknown[];
}

/** `NodeProto`. */
export interface NodeMessage {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name?: string;
  readonly opType?: string;
  readonly domain?: string;
  readonly overload?: string;
  readonly attribute: readonly AttributeMessage[];
}

/** `ValueInfoProto` of a tensor; of the choices of a dimension the one that stands last counts. */
export interface ValueInfoMessage {
  readonly name?: string;
  readonly type?: {
    readonly tensorType?: {
      readonly elemType?: Integer;
      readonly shape?: { readonly dim: readonly { readonly dimValue?: Integer; readonly dimParam?: string }[] };
    };
  };
}

/** `OperatorSetIdProto`. */
export interface OpsetMessage {
  readonly domain?: string;
  readonly version?: Integer;
}

/** `FunctionProto`: operators written in operators. */
export interface FunctionMessage {
  readonly name?: string;
  readonly domain?: string;
  readonly overload?: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  /** Names of attributes without a default. */
  readonly attribute: readonly string[];
  /** Defaults of attributes that a call may leave out. */
  readonly attributeProto: readonly AttributeMessage[];
  readonly node: readonly NodeMessage[];
  readonly opsetImport: readonly OpsetMessage[];
}

/** `GraphProto`. */
export interface GraphMessage {
  readonly node: readonly NodeMessage[];
  readonly name?: string;
  readonly initializer: readonly TensorMessage[];
  readonly sparseInitializer: readonly unknown[];
  readonly input: readonly ValueInfoMessage[];
  readonly output: readonly ValueInfoMessage[];
}

/** `ModelProto`. */
export interface ModelMessage {
  readonly irVersion?: Integer;
  readonly opsetImport: readonly OpsetMessage[];
  readonly graph?: GraphMessage;
  readonly metadataProps: readonly EntryMessage[];
  readonly functions: readonly FunctionMessage[];
}

const one = (name: string, kind: Kind | Message): Field => ({ name, kind });
const many = (name: string, kind: Kind | Message): Field => ({ name, kind, many: true });

const ENTRY: Message = {
  label: "StringStringEntryProto",
  fields: { 1: one("key", "string"), 2: one("value", "string") },
};

const TENSOR: Message = {
  label: "TensorProto",
  fields: {
    1: one("dims", "int64s"),
    2: one("dataType", "int"),
    3: one("segment", "bytes"),
    4: one("floatData", "floats"),
    5: one("int32Data", "int32s"),
    6: many("stringData", "bytes"),
    7: one("int64Data", "int64s"),
    8: one("name", "string"),
    9: one("rawData", "bytes"),
    10: one("doubleData", "doubles"),
    11: one("uint64Data", "uint64s"),
    13: many("externalData", ENTRY),
    14: one("dataLocation", "int"),
  },
};

const ATTRIBUTE: Message = {
  label: "AttributeProto",
  fields: {
    1: one("name", "string"),
    2: one("f", "float"),
    3: one("i", "int"),
    4: one("s", "bytes"),
    5: one("t", TENSOR),
    6: many("other", "bytes"),
    7: one("floats", "floats"),
    8: one("ints", "int64s"),
    9: many("strings", "bytes"),
    10: many("other", "bytes"),
    11: many("other", "bytes"),
    14: many("other", "bytes"),
    15: many("other", "bytes"),
    20: one("type", "int"),
    21: one("refAttrName", "string"),
    22: many("other", "bytes"),
    23: many("other", "bytes"),
  },
};

const NODE: Message = {
  label: "NodeProto",
  fields: {
    1: many("input", "string"),
    2: many("output", "string"),
    3: one("name", "string"),
    4: one("opType", "string"),
    5: many("attribute", ATTRIBUTE),
    7: one("domain", "string"),
    8: one("overload", "string"),
  },
};

const DIMENSION: Message = {
  label: "TensorShapeProto.Dimension",
  fields: { 1: one("dimValue", "int"), 2: one("dimParam", "string") },
};
const SHAPE: Message = { label: "TensorShapeProto", fields: { 1: many("dim", DIMENSION) } };
const TENSOR_TYPE: Message = {
  label: "TypeProto.Tensor",
  fields: { 1: one("elemType", "int"), 2: one("shape", SHAPE) },
};
const TYPE: Message = { label: "TypeProto", fields: { 1: one("tensorType", TENSOR_TYPE) } };
const VALUE_INFO: Message = { label: "ValueInfoProto", fields: { 1: one("name", "string"), 2: one("type", TYPE) } };
const OPSET: Message = {
  label: "OperatorSetIdProto",
  fields: { 1: one("domain", "string"), 2: one("version", "int") },
};

const FUNCTION: Message = {
  label: "FunctionProto",
  fields: {
    1: one("name", "string"),
    4: many("input", "string"),
    5: many("output", "string"),
    6: many("attribute", "string"),
    7: many("node", NODE),
    9: many("opsetImport", OPSET),
    10: one("domain", "string"),
    11: many("attributeProto", ATTRIBUTE),
    13: one("overload", "string"),
  },
};

const GRAPH: Message = {
  label: "GraphProto",
  fields: {
    1: many("node", NODE),
    2: one("name", "string"),
    5: many("initializer", TENSOR),
    11: many("input", VALUE_INFO),
    12: many("output", VALUE_INFO),
    15: many("sparseInitializer", "bytes"),
  },
};

/** The root of an ONNX file. */
export const MODEL: Message = {
  label: "ModelProto",
  fields: {
    1: one("irVersion", "int"),
    7: one("graph", GRAPH),
    8: many("opsetImport", OPSET),
    14: many("metadataProps", ENTRY),
    25: many("functions", FUNCTION),
  },
};
