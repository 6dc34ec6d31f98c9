import { type Graph, seededRandom, type Tensor, tensor, type Value } from "@graft-ml/core";
import { graphBuilder, type OpenGraph, writeModel } from "@graft-ml/graph";

/** Settings of a tiny model of pictures. */
export interface TinyPictures {
  readonly batch?: number | string;
  readonly size?: number;
  readonly layout?: "NCHW" | "NHWC";
  readonly scaled?: boolean;
}

const CLASSES = 5;

/** A convnet with three dense layers behind a flattened map, as VGG has. */
export function tinyVgg({ batch = "N", size = 8, layout = "NCHW", scaled = false }: TinyPictures = {}): Uint8Array {
  const g = graphBuilder();
  const w = weights(g);
  const dims = layout === "NCHW" ? [batch, 3, size, size] : [batch, size, size, 3];
  let x = g.input("data", "float32", dims);
  if (scaled) x = g.op("Div", [g.op("Sub", [x, g.scalar(127.5)]), g.scalar(127.5)]);
  if (layout === "NHWC") x = g.op("Transpose", [x], { perm: [0, 3, 1, 2] });
  x = g.op("Relu", [g.op("Conv", [x, w("vgg0_conv0_weight", [4, 3, 3, 3])], { pads: [1, 1, 1, 1] })]);
  x = g.op("Relu", [g.op("Conv", [x, w("vgg0_conv1_weight", [6, 4, 3, 3])], { pads: [1, 1, 1, 1] })]);
  x = g.op("MaxPool", [x], { kernel_shape: [2, 2], strides: [2, 2] });
  const flat = 6 * (size / 2) ** 2;
  // Written down as exporters of one batch size do.
  x = typeof batch === "number" ? g.op("Reshape", [x, g.ints([batch, flat])]) : g.op("Flatten", [x], { axis: 1 });
  x = g.op("Relu", [g.op("Gemm", [x, w("vgg0_dense0_weight", [flat, 7])])]);
  x = g.op("Relu", [g.op("Gemm", [x, w("vgg0_dense1_weight", [7, 7])])]);
  return finished(g, g.op("Gemm", [x, w("vgg0_dense2_weight", [7, CLASSES])]), "vgg0_dense2_fwd");
}

/** A residual convnet with its own pooling, weights named by stages as Gluon names them. */
export function tinyResnet({ batch = "N", size = 8 }: TinyPictures = {}): Uint8Array {
  const g = graphBuilder();
  const w = weights(g);
  let x = g.input("data", "float32", [batch, 3, size, size]);
  x = g.op("Relu", [g.op("Conv", [x, w("resnetv17_conv0_weight", [4, 3, 3, 3])], { pads: [1, 1, 1, 1] })]);
  for (const stage of [1, 2]) {
    for (const block of [0, 1]) {
      const y = g.op("Conv", [x, w(`resnetv17_stage${stage}_conv${block}_weight`, [4, 4, 3, 3])], {
        pads: [1, 1, 1, 1],
      });
      x = g.op("Relu", [g.op("Add", [x, y])]);
    }
  }
  x = g.op("Flatten", [g.op("GlobalAveragePool", [x])], { axis: 1 });
  return finished(g, g.op("Gemm", [x, w("resnetv17_dense0_weight", [4, CLASSES])]), "resnetv17_dense0_fwd");
}

/** Settings of a tiny model of texts. */
export interface TinyTexts {
  readonly segments?: boolean;
  readonly positions?: boolean;
  readonly past?: boolean;
  /** Goes on to scores of words behind a hidden state of this name. */
  readonly hidden?: string;
}

/** An encoder that ends at the hidden states of tokens, with a mask and segments. */
export function tinyBert({ segments = true, positions = false, past = false, hidden }: TinyTexts = {}): Uint8Array {
  const g = graphBuilder();
  const w = weights(g);
  const dims = ["batch_size", "sequence_length"];
  const ids = g.input("input_ids", "int64", dims);
  const mask = g.input("attention_mask", "int64", dims);
  let x = g.op("Gather", [w("embeddings.word_embeddings.weight", [1000, 6]), ids]);
  if (segments) {
    const types = g.input("token_type_ids", "int64", dims);
    x = g.op("Add", [x, g.op("Gather", [w("embeddings.token_type_embeddings.weight", [2, 6]), types])]);
  }
  if (positions) {
    const places = g.input("position_ids", "int64", dims);
    x = g.op("Add", [x, g.op("Gather", [w("embeddings.position_embeddings.weight", [32, 6]), places])]);
  }
  if (past) x = g.op("Add", [x, g.input("past", "float32", ["batch_size", 1, 6])]);
  const visible = g.op("Reshape", [g.op("Cast", [mask], { to: 1 }), g.ints([0, 0, 1])]);
  for (const layer of [0, 1]) {
    const y = g.op("MatMul", [g.op("Mul", [x, visible]), w(`encoder.layer.${layer}.dense.weight`, [6, 6])]);
    x = g.op("Add", [x, g.op("Tanh", [y])]);
  }
  if (hidden === undefined) return finished(g, x, "last_hidden_state");
  return finished(g, g.op("MatMul", [g.name(x, hidden), w("cls.decoder.weight", [6, 9])]), "logits");
}

/** A patch transformer's outline: a class token in front of patches, classified or not. */
export function tinyVit({
  classified = true,
  size = 8,
}: {
  readonly classified?: boolean;
  readonly size?: number;
} = {}): Uint8Array {
  const g = graphBuilder();
  const w = weights(g);
  const x = g.input("pixel_values", "float32", ["batch", 3, size, size]);
  const map = g.op("Conv", [x, w("embeddings.patch.weight", [6, 3, size / 2, size / 2])], {
    strides: [size / 2, size / 2],
  });
  // Shapes are computed while the graph runs, as PyTorch's exporter has it.
  const dims = g.op("Shape", [map]);
  const batch = g.op("Slice", [dims, g.ints([0]), g.ints([1])]);
  const rows = g.op("Reshape", [map, g.op("Concat", [batch, g.ints([6, -1])], { axis: 0 })]);
  const patches = g.op("Transpose", [rows], { perm: [0, 2, 1] });
  const shape = g.op("Concat", [batch, g.ints([1, 1])], { axis: 0 });
  const first = g.op("Expand", [w("embeddings.cls_token", [1, 1, 6]), shape]);
  const tokens = g.op("Concat", [first, patches], { axis: 1 });
  const hidden = g.op("Tanh", [g.op("MatMul", [tokens, w("encoder.layer.0.weight", [6, 6])])]);
  if (!classified) return finished(g, hidden, "last_hidden_state");
  const cls = g.op("Gather", [hidden, g.constant(tensor("int64", [], BigInt64Array.of(0n)))], { axis: 1 });
  return finished(g, g.op("Gemm", [cls, w("classifier.weight", [6, CLASSES])]), "logits");
}

function weights(g: OpenGraph): (name: string, dims: readonly number[]) => Value {
  const random = seededRandom("tiny-models");
  return (name, dims) => {
    const length = dims.reduce((product, dim) => product * dim, 1);
    const values: Tensor = tensor(
      "float32",
      dims,
      Float32Array.from({ length }, () => 0.3 * random.normal()),
    );
    return g.parameter(name, values);
  };
}

function finished(g: OpenGraph, output: Value, name: string): Uint8Array {
  const graph: Graph = g.finish([g.name(output, name)]);
  return writeModel(graph);
}
