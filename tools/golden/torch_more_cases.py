"""The cases of tools/golden/torch_more_gradients.py: activations, reductions, indexing, and blocks of transformers."""

import math

import torch
import torch.nn.functional as F
from torch_cases import CASES, case, floats, ints, node, unary, var

CASES.clear()


def at(name: str, opset: int) -> None:
    """Sets the operator set of the case just made."""
    assert CASES[-1]["name"] == name
    CASES[-1]["opset"] = opset


def index(dims: list[int], *values: int) -> dict:
    return {"role": "constant", "dtype": "int64", "dims": dims, "values": list(values)}


def several(op: str, inputs: str, outputs: str, **attributes) -> dict:
    made = node(op, inputs, **attributes)
    del made["output"]
    return {**made, "outputs": outputs.split()}


# Activations, on their kinks too where the step says so
unary("LeakyRelu", lambda x: F.leaky_relu(x, 0.01), step=0.5)
case("LeakyRelu, alpha 0.3", {"x": var(3, 7, low=-2, high=2)}, [node("LeakyRelu", "x", alpha=0.3)], lambda v: F.leaky_relu(v["x"], 0.3))
case("PRelu of channels", {"x": var(2, 3, 4, low=-2, high=2), "slope": var(3, 1)}, [node("PRelu", "x slope")], lambda v: F.prelu(v["x"], v["slope"].reshape(3)))
unary("Elu", F.elu, -4, 2)
case("Elu, alpha 0.5", {"x": var(3, 7, low=-2, high=2)}, [node("Elu", "x", alpha=0.5)], lambda v: F.elu(v["x"], 0.5))
unary("Selu", F.selu, -4, 2)
case("Celu, alpha 2", {"x": var(3, 7, low=-4, high=2)}, [node("Celu", "x", alpha=2.0)], lambda v: F.celu(v["x"], 2))
unary("Softplus", F.softplus, -10, 10)
unary("Softsign", F.softsign, -5, 5)
case("HardSigmoid as PyTorch has it", {"x": var(3, 9, low=-5, high=5)}, [node("HardSigmoid", "x", alpha=1 / 6, beta=0.5)], lambda v: F.hardsigmoid(v["x"]))
unary("HardSwish", F.hardswish, -5, 5)
unary("Gelu", F.gelu, -4, 4)
at("Gelu", 20)
case("Gelu by tanh", {"x": var(3, 7, low=-4, high=4)}, [node("Gelu", "x", approximate="tanh")], lambda v: F.gelu(v["x"], approximate="tanh"))
at("Gelu by tanh", 20)
unary("Mish", F.mish, -5, 5)
at("Mish", 18)
case("ThresholdedRelu", {"x": var(3, 7, low=-2, high=2)}, [node("ThresholdedRelu", "x", alpha=0.5)], lambda v: F.threshold(v["x"], 0.5, 0.0))

# Elementwise
unary("Sin", torch.sin)
unary("Cos", torch.cos)
case("Sum of three", {"a": var(2, 3), "b": var(3), "c": var(2, 1)}, [node("Sum", "a b c")], lambda v: v["a"] + v["b"] + v["c"])
case("Mean of three", {"a": var(2, 3), "b": var(3), "c": var(2, 1)}, [node("Mean", "a b c")], lambda v: (v["a"] + v["b"] + v["c"]) / 3)
for op, function in (("Max", torch.maximum), ("Min", torch.minimum)):
    tensors = {"a": var(4, 5), "b": var(5), "c": var(4, 1)}
    case(f"{op} of three", tensors, [node(op, "a b c")], lambda v, f=function: f(f(v["a"], v["b"]), v["c"]))
case("CumSum", {"x": var(2, 5, 3), "axis": index([], 1)}, [node("CumSum", "x axis")], lambda v: v["x"].cumsum(1))
case("CumSum, reversed", {"x": var(4, 5), "axis": index([], -1)}, [node("CumSum", "x axis", reverse=1)], lambda v: v["x"].flip(1).cumsum(1).flip(1))

# Reductions; the grid has ties, which share the gradient
for axes, keep in (([1], 0), ([0, 2], 1)):
    where = f"over {axes}, keepdims {keep}"
    k = bool(keep)
    grid = {"low": -1, "high": 1, "step": 0.5}
    case(f"ReduceMax {where}, ties", {"x": var(2, 6, 3, **grid)}, [node("ReduceMax", "x", axes=axes, keepdims=keep)], lambda v, a=axes, k=k: v["x"].amax(a, keepdim=k))
    case(f"ReduceMin {where}, ties", {"x": var(2, 6, 3, **grid)}, [node("ReduceMin", "x", axes=axes, keepdims=keep)], lambda v, a=axes, k=k: v["x"].amin(a, keepdim=k))
    case(f"ReduceL1 {where}", {"x": var(2, 6, 3, **grid)}, [node("ReduceL1", "x", axes=axes, keepdims=keep)], lambda v, a=axes, k=k: v["x"].abs().sum(a, keepdim=k))
    case(f"ReduceL2 {where}", {"x": var(2, 6, 3)}, [node("ReduceL2", "x", axes=axes, keepdims=keep)], lambda v, a=axes, k=k: torch.linalg.vector_norm(v["x"], dim=a, keepdim=k))
    case(f"ReduceSumSquare {where}", {"x": var(2, 6, 3)}, [node("ReduceSumSquare", "x", axes=axes, keepdims=keep)], lambda v, a=axes, k=k: v["x"].square().sum(a, keepdim=k))
    case(f"ReduceLogSum {where}", {"x": var(2, 6, 3, low=0.1, high=3)}, [node("ReduceLogSum", "x", axes=axes, keepdims=keep)], lambda v, a=axes, k=k: v["x"].sum(a, keepdim=k).log())
    case(f"ReduceLogSumExp {where}", {"x": var(2, 6, 3, low=-90, high=90)}, [node("ReduceLogSumExp", "x", axes=axes, keepdims=keep)], lambda v, a=axes, k=k: v["x"].logsumexp(a, keepdim=k))
case("ReduceProd", {"x": var(3, 4)}, [node("ReduceProd", "x", axes=[1], keepdims=0)], lambda v: v["x"].prod(1))
case("ReduceProd with zeros", {"x": var(4, 4, low=-1, high=1, step=0.5)}, [node("ReduceProd", "x", axes=[1])], lambda v: v["x"].prod(1, keepdim=True))
case("ReduceMax, axes as an input", {"x": var(3, 4), "axes": ints(-1)}, [node("ReduceMax", "x axes", keepdims=0)], lambda v: v["x"].amax(1))
at("ReduceMax, axes as an input", 18)
case("TopK", {"x": var(3, 9), "k": ints(4)}, [several("TopK", "x k", "y places")], lambda v: v["x"].topk(4, 1).values)

# Indexing
for name, dims, picks, own, axis in (
    ("of an embedding", [7, 4], [0, 3, 3, 6, 0, 0], [2, 3], 0), ("along axis 1", [2, 5, 3], [4, 1, 4], [3], 1), ("of one slice", [3, 4], [2], [], 1),
):  # fmt: skip
    case(f"Gather {name}", {"x": var(*dims), "i": index(own, *picks)}, [node("Gather", "x i", axis=axis)], lambda v, a=axis: v["x"].index_select(a, v["i"].reshape(-1)).reshape([*v["x"].shape[:a], *v["i"].shape, *v["x"].shape[a + 1 :]]))
case("GatherElements", {"x": var(3, 4), "i": index([2, 3], 0, 0, 2, 3, 1, 3)}, [node("GatherElements", "x i", axis=1)], lambda v: v["x"].gather(1, v["i"]))
case("GatherND", {"x": var(3, 4, 2), "i": index([3, 2], 0, 3, 2, 1, 2, 1)}, [node("GatherND", "x i")], lambda v: v["x"][v["i"][:, 0], v["i"][:, 1]])
case("ScatterElements", {"x": var(3, 4), "u": var(2, 2), "i": index([2, 2], 0, 1, 3, 2)}, [node("ScatterElements", "x i u", axis=1)], lambda v: v["x"].scatter(1, v["i"], v["u"]))
case("ScatterElements, adding", {"x": var(3, 4), "u": var(2, 2), "i": index([2, 2], 1, 1, 3, 2)}, [node("ScatterElements", "x i u", axis=1, reduction="add")], lambda v: v["x"].scatter_add(1, v["i"], v["u"]))
case("ScatterND", {"x": var(4, 3), "u": var(2, 3), "i": index([2, 1], 2, 0)}, [node("ScatterND", "x i u")], lambda v: v["x"].index_put((v["i"][:, 0],), v["u"]))
case("Tile", {"x": var(2, 1, 3), "n": ints(2, 3, 1)}, [node("Tile", "x n")], lambda v: v["x"].tile(2, 3, 1))
case("Trilu, upper", {"x": var(2, 4, 5), "k": index([], 1)}, [node("Trilu", "x k")], lambda v: v["x"].triu(1))
case("Trilu, lower", {"x": var(4, 4)}, [node("Trilu", "x", upper=0)], lambda v: v["x"].tril())
case("Split, one part unread", {"x": var(3, 7), "n": ints(2, 3, 2)}, [several("Split", "x n", "a b c", axis=1), node("Mul", "a c")], lambda v: v["x"][:, :2] * v["x"][:, 5:])

# Put together
case(
    "causal self-attention of a decoder",
    {"x": var(2, 4, 6), "w": var(6, 18), "n": ints(6, 6, 6), "mask": floats([4, 4], *([1.0] * 16)), "zero": floats([], 0), "low": floats([], -1e9), "root": floats([], 1 / math.sqrt(6))},
    [node("MatMul", "x w", "qkv"), several("Split", "qkv n", "q k v", axis=-1), node("Transpose", "k", "kt", perm=[0, 2, 1]), node("MatMul", "q kt", "s0"), node("Mul", "s0 root", "s"),
     node("Trilu", "mask", "seen", upper=0), node("Equal", "seen zero", "future"), node("Where", "future low s", "masked"), node("Softmax", "masked", "p", axis=-1), node("MatMul", "p v")],
    lambda v: F.scaled_dot_product_attention(*(v["x"] @ v["w"]).split(6, -1), is_causal=True),
)  # fmt: skip
case(
    "embeddings of words, places and kinds",
    {"words": var(9, 5), "places": var(4, 5), "kinds": var(2, 5), "ids": index([2, 3], 1, 8, 8, 0, 1, 3), "at": index([1, 3], 0, 1, 2), "kind": index([2, 3], 0, 0, 1, 0, 1, 1)},
    [node("Gather", "words ids", "w"), node("Gather", "places at", "p"), node("Gather", "kinds kind", "k"), node("Sum", "w p k")],
    lambda v: F.embedding(v["ids"], v["words"]) + F.embedding(v["at"], v["places"]) + F.embedding(v["kind"], v["kinds"]),
)  # fmt: skip
case(
    "squeeze and excite with hard activations", {"x": var(2, 4, 3, 3, low=-2, high=4), "a": var(3, 4, 1, 1), "b": var(4, 3, 1, 1)},
    [node("HardSwish", "x", "h"), node("GlobalAveragePool", "h", "g"), node("Conv", "g a", "c"), node("Relu", "c", "r"), node("Conv", "r b", "d"), node("HardSigmoid", "d", "s", alpha=1 / 6, beta=0.5), node("Mul", "h s")],
    lambda v: (lambda h: h * F.hardsigmoid(F.conv2d(F.relu(F.conv2d(h.mean((2, 3), keepdim=True), v["a"])), v["b"])))(F.hardswish(v["x"])),
)  # fmt: skip
case(
    "the end of a sentence, as CLIP finds it", {"x": var(2, 4, 3), "ids": index([2, 4], 1, 5, 9, 0, 2, 9, 0, 0), "rows": index([2, 1], 0, 1), "one": ints(1)},
    [node("ArgMax", "ids", "end", axis=1), node("Concat", "rows end", "place", axis=1), node("GatherND", "x place", "e"), node("ReduceL2", "e", "n", axes=[-1]), node("Div", "e n")],
    lambda v: F.normalize(v["x"][torch.arange(2), v["ids"].argmax(1)], dim=-1),
)  # fmt: skip
