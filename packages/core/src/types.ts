import type { PlainOptions } from "./options.ts";

/** Element types of ONNX tensors that Graft reads and writes. */
export type DType =
  | "float32"
  | "float64"
  | "float16"
  | "bfloat16"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "bool";

/** Raw elements: `float16` and `bfloat16` are kept as their bits in a `Uint16Array`, `bool` as 0 or 1 in a `Uint8Array`. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** An n-dimensional array, row-major. */
export interface Tensor {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

/** Tensors by name; nothing in Graft is keyed by position. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** A dimension: a number, or the name of one that is known only when the graph runs. */
export type Dim = number | string;

/** One attribute of a node, with the type that its file gave it. */
export type Attribute =
  | { readonly type: "int"; readonly value: number }
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "tensor"; readonly value: Tensor }
  | { readonly type: "ints"; readonly value: readonly number[] }
  | { readonly type: "floats"; readonly value: readonly number[] }
  | { readonly type: "strings"; readonly value: readonly string[] };

/** One operator of a graph; `""` in `inputs` or `outputs` stands for an optional one left out. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** `""` for standard ONNX, `"ai.graft"` for gradient primitives. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Name, element type and shape of a value that enters or leaves a graph. */
export interface ValueInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly dims: readonly Dim[];
}

/** An ONNX graph as immutable data: every change makes a new one. Nodes are in topological order. */
export interface Graph {
  readonly name: string;
  readonly irVersion: number;
  /** Operator-set version by domain; `""` is standard ONNX. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  readonly nodes: readonly GraphNode[];
  /** Producer, licence, provenance: the model's `metadata_props`. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A value of a graph under construction. */
export type Value = ValueInfo;

/** Values by name, as heads return them. */
export type Values = Readonly<Record<string, Value>>;

/** Plain literals for node attributes: integers become `int`, other numbers need `{ float }`. */
export type AttributeLiteral =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | Tensor
  | { readonly float: number };

/** Builds graphs node by node; shapes are inferred as nodes are added. */
export interface GraphBuilder {
  /** Version of the standard operator set that nodes are written for. */
  readonly opset: number;
  /** Declares an input that is fed at every run. */
  input(name: string, dtype: DType, dims: readonly Dim[]): Value;
  /** Adds an initializer that training may choose as a variable. */
  parameter(name: string, tensor: Tensor): Value;
  /** Adds a constant initializer under a fresh name. */
  constant(tensor: Tensor): Value;
  /** Adds a float32 scalar constant. */
  scalar(value: number): Value;
  /** Adds an int64 vector constant, as shapes and axes are given. */
  ints(values: readonly number[]): Value;
  /** Adds a node with one output. */
  op(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes?: Readonly<Record<string, AttributeLiteral>>,
    domain?: string,
  ): Value;
  /** Gives a value a fixed name by which it can be fetched. */
  name(value: Value, name: string): Value;
  /** A name that no value of the graph has yet, starting with `hint`. */
  fresh(hint: string): string;
}

/** Runs graphs; knows nothing of training, freezing or data. */
export interface Engine {
  /** `onnxruntime`, `tfjs-node`, `tfjs-wasm`, ... */
  readonly name: string;
  /** Makes a graph ready to run many times. */
  prepare(graph: Graph, options?: PrepareOptions): Promise<Program>;
  /**
   * Bytes by which preparing and running a graph will make the process grow, predicted from shapes; `bindings` gives numbers to
   * named dimensions. Right within a quarter for graphs that need more than a hundred megabytes. Carried inputs without first values
   * in `options` are those of another program, as with `shares`.
   */
  predictMemory(graph: Graph, bindings?: Readonly<Record<string, number>>, options?: PrepareOptions): number;
}

/** How a graph is prepared. */
export interface PrepareOptions {
  /** Input name → output name: after each run the output's value becomes the input's next value, inside the engine. */
  readonly carry?: Readonly<Record<string, string>>;
  /** First values of the carried inputs; each one in `carry` needs one. */
  readonly initial?: Tensors;
  /** Threads inside one operator. Default: the machine's available cores. */
  readonly threads?: number;
  /** Runs beside the calling thread where the engine can, for graphs that carry nothing. Default: false. */
  readonly background?: boolean;
  /**
   * Carries on with the values of this program of the same engine instead of first values of its own: what a run of either leaves,
   * the other finds. Both carry the same inputs, and run one at a time. Releasing one leaves the values to the other.
   */
  readonly shares?: Program;
}

/** A prepared graph. */
export interface Program {
  /** Runs once with every input that is not carried; returns every output that is not carried, or only `fetch`. */
  run(inputs: Tensors, fetch?: readonly string[]): Promise<Tensors>;
  /** The present values of the carried inputs, copied out. */
  state(): Promise<Tensors>;
  /** Replaces carried values; those not named stay. */
  setState(values: Tensors): Promise<void>;
  /** Frees everything that the program holds; calling it twice is harmless. */
  release(): Promise<void>;
}

/** What happens to a picture between the decoder and the graph. */
export interface ImagePreprocessing {
  /** Height and width in pixels that the graph takes. */
  readonly size: number;
  /** Share of the shorter side kept by the centre crop, 0..1. */
  readonly crop: number;
  readonly interpolation: "bicubic" | "bilinear" | "nearest" | "lanczos3";
  /** Subtracted from pixel values 0..255, per channel. */
  readonly mean: readonly [number, number, number];
  /** Divides after the subtraction, per channel. */
  readonly std: readonly [number, number, number];
  readonly layout: "NCHW" | "NHWC";
  readonly channels: "RGB" | "BGR";
}

/** What happens to a text between the tokenizer and the graph. */
export interface TextPreprocessing {
  /** How words are cut: `Backbone.tokenizer` is the file that does it. */
  readonly tokenizer: "wordpiece" | "bpe" | "unigram";
  /** Hash of the `tokenizer.json` in hexadecimal, where it is known. */
  readonly tokenizerSha256?: string;
  /** Longest sequence in tokens, the special ones included. */
  readonly maxTokens: number;
  /** Id that fills up the shorter sequences of a batch, on the right. */
  readonly padId: number;
  /** Name of the graph's input that is 1 where there is a token and 0 where there is padding, `[batch, tokens]`. */
  readonly mask: string;
  /**
   * How hidden states of tokens become features inside the graph: their `mean`, their `max`, the first (`cls`) or the `last` of the
   * tokens that the mask keeps; `none` keeps every token's.
   */
  readonly pooling: "mean" | "cls" | "last" | "max" | "none";
}

/** How a backbone's samples become what its graph takes. */
export type Preprocessing = ImagePreprocessing | TextPreprocessing;

/** What is known about a pretrained model beside its graph; of pictures, unless said otherwise. */
export interface BackboneCard<P extends Preprocessing = ImagePreprocessing> {
  readonly id: string;
  readonly title: string;
  /** Where the weights come from: package, version, original. */
  readonly source: Readonly<Record<string, string>>;
  readonly licence: string;
  readonly task: string;
  readonly preprocessing: P;
  /** Name of the graph's input of images or token ids. */
  readonly input: string;
  /** Name of the value that a head is put on, `[batch, numFeatures]`, or `[batch, tokens, numFeatures]` where a text's pooling is `none`. */
  readonly features: string;
  /** Name of the original classifier's output, where the graph has one. */
  readonly output?: string;
  readonly numFeatures: number;
  /** Trainable parameters of the whole file, its classifier included. */
  readonly parameters: number;
  readonly bytes: number;
  /** Hash of the model file in hexadecimal, or `unverified`. */
  readonly sha256: string;
  readonly accuracy?: { readonly top1: number; readonly source: string };
  /** Set where products run in fewer bits than the file has, with what was measured to be lost. Frozen features are kept apart by it. */
  readonly precision?: { readonly products: "int8"; readonly loss: string };
}

/** A stretch of the graph that freezes as one; ordered from input to output. */
export interface LayerGroup {
  readonly name: string;
  readonly initializers: readonly string[];
  /** The single value through which everything after the group sees what came before; an input such as a mask is fed again. */
  readonly boundary: string;
}

/** An affine classifier that was pretrained on a backbone's features. */
export interface OriginalClassifier {
  /** `[features, source classes]`. */
  readonly weight: Tensor;
  /** `[source classes]`. */
  readonly bias: Tensor;
}

/** A pretrained model ready for a head: the graph ends at `card.features`. */
export interface Backbone<P extends Preprocessing = ImagePreprocessing> {
  readonly card: BackboneCard<P>;
  /** Half-precision weights are widened; names are the file's. */
  readonly graph: Graph;
  readonly groups: readonly LayerGroup[];
  /** What the file itself classifies by; absent where it is not one affine layer on `card.features`. */
  classifier?(): OriginalClassifier;
  /** The `tokenizer.json` of a backbone of texts, a file of this machine; absent where none was found beside the model. */
  readonly tokenizer?: URL;
}

/** A backbone that can be loaded: what a catalogue entry is. */
export interface BackboneSource<P extends Preprocessing = ImagePreprocessing> {
  readonly name: string;
  /** One line for listings. */
  readonly summary: string;
  load(): Promise<Backbone<P>>;
}

/** What a freezing strategy may look at besides the groups. */
export interface PlanContext {
  /** Epochs that the user asked for, if any; the phases of a plan must fit in them. */
  readonly epochs?: number;
  /** Training samples, and numbers that the features of one have; there with `measures`. */
  readonly samples?: number;
  readonly features?: number;
  /** What was measured of each layer group, in their order; there for a strategy that needs it. */
  readonly measures?: readonly GroupMeasure[];
  /** Most seconds that the user gives the whole run, if said. */
  readonly budgetSeconds?: number;
  /** Seconds of the run that are spent already, on measuring above all. */
  readonly spentSeconds?: number;
}

/** What a layer group is like on the samples at hand and on this machine. */
export interface GroupMeasure {
  readonly name: string;
  /** Accuracy of a linear probe on the pooled values at the group's end, each sample predicted by the fit to all others, 0..1. */
  readonly probe: number;
  /** ‖gradient‖ / ‖weights‖ of the group where only the head has been trained: large where the task asks for other weights. */
  readonly gradient: number;
  readonly seconds: {
    /** The frozen part once over the samples, with the boundary below this group. */
    readonly pass: number;
    /** An epoch in which this group and all above it train. */
    readonly epoch: number;
  };
}

/**
 * What a parameter does: `kernel` multiplies (products and convolutions), `bias` is added after it, `scale` and `shift` are those of a
 * normalisation, `embedding` is a table that is looked up; `other` is none of these.
 */
export type ParameterRole = "kernel" | "bias" | "scale" | "shift" | "embedding" | "other";

/** Small trainable parts added to layers that stay as they are. Plain JSON. */
export interface AdapterPlan {
  /** Name of the adapter: `lora`, `ia3`, ... */
  readonly adapter: string;
  /** Layer groups that get it; the lowest of them is where the frozen part may end at the latest. */
  readonly groups: readonly string[];
  readonly options: PlainOptions;
}

/** What trains during one stretch of training. The head always trains at rate 1. */
export interface FreezingPhase {
  /** Thawed layer groups, each with its multiple of the base learning rate. */
  readonly groups: readonly { readonly name: string; readonly rate: number }[];
  /** Of the thawed groups only parameters of these roles train. Left out: all. */
  readonly roles?: readonly ParameterRole[];
  /** Added to layers, and trained at the rate of the head. */
  readonly adapters?: readonly AdapterPlan[];
  /**
   * Batch normalisation of thawed groups. `frozen`: statistics, scale and shift stay as pretrained. `affine`: scale and shift train,
   * statistics stay. `live`: statistics of the batch, running averages updated.
   */
  readonly normalization: "frozen" | "affine" | "live";
  /** Length in epochs; left out for the last phase, which takes what remains. */
  readonly epochs?: number;
  /** Where the head alone trains: it is solved exactly if it can be, whatever epochs are asked for. */
  readonly solve?: boolean;
}

/** Freezing as data: what trains, phase after phase. */
export interface FreezingPlan {
  readonly strategy: string;
  readonly phases: readonly FreezingPhase[];
  /** Peak learning rate that suits it; used where nobody gives one. */
  readonly rate?: number;
  /** Why a strategy that measured chose this: a table, one row a choice that it had. */
  readonly reasons?: readonly Readonly<Record<string, string | number | boolean>>[];
}

/** Pure: looks at groups, returns a plan, touches no tensor. */
export interface FreezingStrategy {
  readonly name: string;
  /** One line for listings. */
  readonly summary: string;
  /** What the context has to hold; whoever makes plans measures it first. */
  readonly needs?: readonly "measures"[];
  plan(groups: readonly LayerGroup[], context: PlanContext): FreezingPlan;
}

/** A graph with small trainable parts in it. */
export interface Adapted {
  /** Computes what it did before, up to rounding, until the parts train. */
  readonly graph: Graph;
  /** Names of the parts' parameters, all of them starting with `adapter.`. */
  readonly parameters: readonly string[];
}

/** A kind of small trainable part: how it is put into a graph, and taken out again. */
export interface Adapter {
  readonly name: string;
  /** One line for listings. */
  readonly summary: string;
  /** Puts the part on every matching layer of the groups; `random` draws its first values. */
  attach(graph: Graph, groups: readonly LayerGroup[], random: Random): Adapted;
  /**
   * What the adapted initializers become with the part's trained `values` added into them: the original graph with these computes
   * what the adapted one does. Absent, or `undefined` for a graph whose initializers cannot hold them (integers), where the part stays
   * in the graph.
   */
  merge?(graph: Graph, groups: readonly LayerGroup[], values: Tensors): Tensors | undefined;
  /** The way back from a merged graph where the base is not at hand: its initializers within rounding. */
  unmerge?(graph: Graph, groups: readonly LayerGroup[], values: Tensors): Tensors;
}

/** Shape of one sample's features, without the batch. */
export interface FeatureSpec {
  readonly dims: readonly number[];
}

/** What a head predicts. */
export interface TargetSpec {
  readonly classes: readonly string[];
  /** Weight of each class in the loss, above 0, in the order of `classes`. Left out: all alike. */
  readonly weights?: readonly number[];
}

/** A task's graph fragment, loss, decoding and measures. */
export interface Head<Target = unknown, Prediction = unknown> {
  readonly name: string;
  /** One line for listings. */
  readonly summary: string;
  readonly task: string;
  /**
   * `multinomial`: the head is one affine map followed by softmax cross-entropy, so a solver may replace iteration,
   * setting the parameters `head.weight` `[features, classes]` and `head.bias` `[classes]`.
   */
  readonly closedForm?: "multinomial";
  /** Refuses a task that the head cannot do; called before anything expensive. */
  check(features: FeatureSpec, targets: TargetSpec): void;
  /** Adds the trainable part on `features` `[batch, ...]`; `random` draws the initial values. Parameters are named `head.*`. */
  build(features: Value, targets: TargetSpec, g: GraphBuilder, random: Random): Values;
  /** The inputs that `loss` reads, batch first. */
  targetInputs(targets: TargetSpec): readonly ValueInfo[];
  /** Targets as values for `targetInputs`. */
  encode(targets: readonly Target[], spec: TargetSpec): Tensors;
  /** Loss of each sample, `[batch]`; the trainer averages it with sample weights. */
  loss(outputs: Values, targets: Values, g: GraphBuilder, spec: TargetSpec): Value;
  /** What each sample counts in that mean beside its own weight, `[batch]`, where classes have weights; `undefined`: all alike. */
  weigh?(targets: Values, g: GraphBuilder, spec: TargetSpec): Value | undefined;
  /**
   * The exported outputs, by the names they get in the file; classification heads export `probabilities` `[batch, classes]`.
   * `temperature` divides what softmax sees, 1 leaves it as trained.
   */
  predict(outputs: Values, g: GraphBuilder, temperature: number): Values;
  /** One prediction a sample from the values of `predict`. */
  decode(outputs: Tensors, spec: TargetSpec): Prediction[];
  /** The temperature that fits held-out predictions best (made with temperature 1); 1 where the task has none. */
  calibrate(predictions: readonly Prediction[], targets: readonly Target[], spec: TargetSpec): number;
  /** All measures of the task by their usual names, with 95 % intervals; plain JSON. */
  evaluate(
    predictions: readonly Prediction[],
    targets: readonly Target[],
    spec: TargetSpec,
    random: Random,
  ): Readonly<Record<string, unknown>>;
}

/** A seeded stream of random numbers whose state can be saved and restored exactly. */
export interface Random {
  /** Uniform in [0, 1) with 53 bits. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Integer in [0, below). */
  integer(below: number): number;
  /** Shuffles in place (Fisher-Yates) and returns the array. */
  shuffle<T>(items: T[]): T[];
  /** An independent stream for a named purpose; drawing from it leaves this one alone. */
  fork(purpose: string): Random;
  state(): readonly number[];
  restore(state: readonly number[]): void;
}

/** What long work tells whoever watches. */
export type RunEvent =
  | { readonly type: "stage"; readonly stage: string; readonly total?: number }
  | { readonly type: "progress"; readonly stage: string; readonly done: number; readonly total: number }
  | {
      readonly type: "epoch";
      readonly epoch: number;
      readonly epochs: number;
      readonly loss: number;
      readonly validation?: number;
    }
  | { readonly type: "notice"; readonly message: string };

/** How long work reports and is stopped. */
export interface RunControl {
  readonly onEvent?: (event: RunEvent) => void;
  readonly signal?: AbortSignal;
}
