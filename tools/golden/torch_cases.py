"""The cases of tools/golden/torch_gradients.py: ONNX nodes beside the same function in PyTorch."""

import math

import torch
import torch.nn.functional as F

CASES: list[dict] = []
LIVE: list[dict] = []
seeds = iter(range(1, 10_000))


def var(*dims: int, low: float = -1, high: float = 1, step: float | None = None) -> dict:
    """A tensor whose gradient is compared."""
    spec = {"role": "variable", "dtype": "float32", "dims": list(dims), "seed": next(seeds), "low": low, "high": high}
    return spec if step is None else {**spec, "step": step}


def fixed(*dims: int, low: float = -1, high: float = 1) -> dict:
    return {**var(*dims, low=low, high=high), "role": "constant"}


def ints(*values: int) -> dict:
    return {"role": "constant", "dtype": "int64", "dims": [len(values)], "values": list(values)}


def floats(dims: list[int], *values: float) -> dict:
    return {"role": "constant", "dtype": "float32", "dims": dims, "values": list(values)}


def node(op: str, inputs: str, output: str = "y", **attributes) -> dict:
    """Inputs by name, `_` for one left out; a Python float becomes a float attribute."""
    plain = {k: {"float": v} if isinstance(v, float) else v for k, v in attributes.items()}
    return {"op": op, "inputs": ["" if name == "_" else name for name in inputs.split()], "output": output, "attributes": plain}


def case(name: str, tensors: dict, nodes: list[dict], function) -> None:
    CASES.append({"name": name, "tensors": tensors, "nodes": nodes, "function": function})


def conv(name: str, x: list[int], w: list[int], bias: bool = False, pads=(0, 0, 0, 0), strides=(1, 1), dilations=(1, 1), group=1, auto_pad=None) -> None:
    tensors = {"x": var(*x), "w": var(*w)}
    if bias:
        tensors["b"] = var(w[0])
    padding = {"pads": list(pads)} if auto_pad is None else {"auto_pad": auto_pad}
    top, left, bottom, right = pads

    def function(v: dict) -> torch.Tensor:
        padded = F.pad(v["x"], (left, right, top, bottom))
        return F.conv2d(padded, v["w"], v.get("b"), stride=strides, dilation=dilations, groups=group)

    onnx = node("Conv", " ".join(tensors), strides=list(strides), dilations=list(dilations), group=group, kernel_shape=w[2:], **padding)
    case(f"Conv {name}", tensors, [onnx], function)


def unary(op: str, function, low: float = -2, high: float = 2, name: str | None = None, **extra) -> None:
    case(name or op, {"x": var(3, 7, low=low, high=high, **extra)}, [node(op, "x")], lambda v: function(v["x"]))


def binary(op: str, function, a: list[int], b: list[int], name: str, low_b: float = -1, high_b: float = 1) -> None:
    tensors = {"a": var(*a), "b": var(*b, low=low_b, high=high_b)}
    case(f"{op} {name}", tensors, [node(op, "a b")], lambda v: function(v["a"], v["b"]))


# Convolutions
conv("plain", [2, 3, 5, 6], [4, 3, 3, 3], bias=True, pads=(1, 1, 1, 1))
conv("without pads, oblong kernel", [2, 3, 6, 5], [4, 3, 3, 2])
conv("stride 2", [2, 3, 7, 6], [4, 3, 3, 3], pads=(1, 1, 1, 1), strides=(2, 2))
conv("stride 2, pads at the end", [2, 3, 6, 6], [4, 3, 3, 3], pads=(0, 0, 1, 1), strides=(2, 2))
conv("four different pads", [2, 2, 5, 5], [3, 2, 3, 3], pads=(2, 0, 1, 3))
conv("strides that differ, unused border", [1, 2, 9, 8], [3, 2, 2, 3], strides=(3, 2), pads=(0, 1, 0, 0))
conv("dilated", [2, 2, 7, 7], [3, 2, 3, 3], bias=True, dilations=(2, 2), pads=(2, 2, 2, 2))
conv("dilated, stride 2", [1, 2, 9, 9], [3, 2, 3, 3], dilations=(2, 1), strides=(2, 2), pads=(2, 1, 1, 2))
conv("grouped", [2, 4, 5, 5], [6, 2, 3, 3], bias=True, group=2, pads=(1, 1, 1, 1))
conv("grouped, stride 2", [2, 4, 6, 6], [6, 2, 3, 3], group=2, strides=(2, 2), pads=(0, 0, 1, 1))
conv("grouped, dilated", [2, 4, 6, 6], [4, 2, 3, 3], group=2, dilations=(2, 2), pads=(2, 2, 2, 2))
conv("depthwise", [2, 5, 6, 6], [5, 1, 3, 3], bias=True, group=5, pads=(1, 1, 1, 1))
conv("depthwise 5×5", [2, 3, 7, 7], [3, 1, 5, 5], group=3, pads=(2, 2, 2, 2))
conv("depthwise, stride 2, pads at the end", [2, 4, 8, 8], [4, 1, 3, 3], group=4, strides=(2, 2), pads=(0, 0, 1, 1))
conv("depthwise 5×5, stride 2, odd size", [2, 3, 9, 7], [3, 1, 5, 5], group=3, strides=(2, 2), pads=(2, 2, 2, 2))
conv("depthwise, dilated", [1, 3, 8, 8], [3, 1, 3, 3], group=3, dilations=(2, 2), pads=(2, 2, 2, 2))
conv("depthwise, multiplier 2", [2, 3, 5, 5], [6, 1, 3, 3], group=3, pads=(1, 1, 1, 1))
conv("depthwise, multiplier 3, stride 2", [2, 2, 6, 6], [6, 1, 3, 3], group=2, strides=(2, 2), pads=(1, 1, 1, 1))
conv("1×1", [2, 5, 4, 4], [6, 5, 1, 1], bias=True)
conv("1×1, large picture", [2, 3, 30, 29], [4, 3, 1, 1])
conv("1×1, stride 2", [2, 4, 5, 6], [3, 4, 1, 1], strides=(2, 2))
conv("1×1, padded", [1, 2, 3, 3], [3, 2, 1, 1], pads=(1, 0, 1, 2))
conv("1×1, grouped", [2, 4, 4, 4], [6, 2, 1, 1], group=2)
conv("one pixel left", [3, 4, 3, 3], [5, 4, 3, 3], bias=True)
conv("SAME_UPPER", [2, 2, 6, 5], [3, 2, 3, 3], auto_pad="SAME_UPPER", strides=(2, 2), pads=(0, 1, 1, 1))
conv("SAME_LOWER", [2, 2, 6, 5], [3, 2, 3, 3], auto_pad="SAME_LOWER", strides=(2, 2), pads=(1, 1, 0, 1))

# Batch normalisation with fixed statistics
for shape in ([3, 4, 5, 4], [5, 4]):
    tensors = {"x": var(*shape), "scale": var(4, low=0.5, high=1.5), "bias": var(4), "mean": fixed(4), "variance": fixed(4, low=0.2, high=2)}
    case(
        f"BatchNormalization of rank {len(shape)}, fixed statistics", tensors,
        [node("BatchNormalization", "x scale bias mean variance", epsilon=1e-3)],
        lambda v: F.batch_norm(v["x"], v["mean"], v["variance"], v["scale"], v["bias"], False, 0.1, 1e-3),
    )  # fmt: skip
for shape, momentum, epsilon in (([3, 4, 5, 4], 0.9, 1e-3), ([6, 3, 2, 2], 0.99, 1e-5)):
    channels = shape[1]
    LIVE.append({
        "name": f"BatchNormalization live, momentum {momentum}", "momentum": momentum, "epsilon": epsilon,
        "tensors": {"x": var(*shape), "scale": var(channels, low=0.5, high=1.5), "bias": var(channels),
                    "mean": fixed(channels), "variance": fixed(channels, low=0.2, high=2)},
    })  # fmt: skip

# Clipping; the values lie on a grid that holds the bounds exactly, where PyTorch's gradient is 0
for name, low, high in (("0 to 6", 0.0, 6.0), ("-1 to 2", -1.0, 2.0)):
    case(
        f"Clip {name}, on the bounds too", {"x": var(6, 8, low=-2, high=8, step=0.5), "low": floats([], low), "high": floats([], high)},
        [node("Clip", "x low high")], lambda v, low=low, high=high: F.hardtanh(v["x"], low, high),
    )  # fmt: skip
case("Clip from below only", {"x": var(4, 6, low=-2, high=2, step=0.5), "low": floats([], -1)}, [node("Clip", "x low")], lambda v: F.hardtanh(v["x"], -1, math.inf))
case("Clip from above only", {"x": var(4, 6, low=-2, high=2, step=0.5), "high": floats([], 1)}, [node("Clip", "x _ high")], lambda v: F.hardtanh(v["x"], -math.inf, 1))
case("Clip of a picture", {"x": var(2, 3, 4, 5, low=-2, high=8)}, [node("Relu", "x", "r"), node("Clip", "r low high")], lambda v: F.relu6(F.relu(v["x"])))
CASES[-1]["tensors"].update(low=floats([], 0), high=floats([], 6))
unary("Relu", F.relu, step=0.5, name="Relu, on zero too")

# Matrix products
for trans_a in (0, 1):
    for trans_b in (0, 1):
        tensors = {"a": var(*((4, 3) if trans_a else (3, 4))), "b": var(*((5, 4) if trans_b else (4, 5))), "c": var(5)}
        case(
            f"Gemm, transA {trans_a}, transB {trans_b}", tensors, [node("Gemm", "a b c", transA=trans_a, transB=trans_b, alpha=0.5, beta=2.0)],
            lambda v, ta=trans_a, tb=trans_b: 0.5 * (v["a"].T if ta else v["a"]) @ (v["b"].T if tb else v["b"]) + 2 * v["c"],
        )  # fmt: skip
for c_dims in ([3, 1], [1], [], [3, 5]):
    case(f"Gemm, C {c_dims}", {"a": var(3, 4), "b": var(4, 5), "c": var(*c_dims)}, [node("Gemm", "a b c")], lambda v: v["a"] @ v["b"] + v["c"])
case("Gemm without C", {"a": var(3, 4), "b": var(4, 5)}, [node("Gemm", "a b")], lambda v: v["a"] @ v["b"])
for a, b in (([3, 4], [4, 5]), ([2, 3, 4], [2, 4, 5]), ([2, 3, 4], [4, 5]), ([3, 4], [2, 4, 5]), ([2, 1, 3, 4], [3, 4, 2]), ([2, 3, 2, 4], [2, 1, 4, 3])):
    binary("MatMul", torch.matmul, a, b, f"{a} by {b}")

# Softmax and the losses of the heads
for axis, dims in ((-1, [3, 5]), (0, [3, 5]), (1, [2, 4, 3])):
    case(f"Softmax axis {axis} of {dims}", {"x": var(*dims, low=-4, high=4)}, [node("Softmax", "x", axis=axis)], lambda v, a=axis: F.softmax(v["x"], a))
    case(f"LogSoftmax axis {axis} of {dims}", {"x": var(*dims, low=-4, high=4)}, [node("LogSoftmax", "x", axis=axis)], lambda v, a=axis: F.log_softmax(v["x"], a))
case("LogSoftmax of large logits", {"x": var(3, 5, low=-90, high=90)}, [node("LogSoftmax", "x", axis=1)], lambda v: F.log_softmax(v["x"], 1))
LABELS = [2, 0, 3, 1, 1, 2]
TARGET = floats([6, 4], *(float(label == k) for label in LABELS for k in range(4)))
ENTROPY = [node("LogSoftmax", "logits", "log", axis=1), node("Mul", "log target", "picked"), node("ReduceSum", "picked axis", "sum", keepdims=0), node("Neg", "sum")]


def entropy(logits: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(logits, torch.tensor(LABELS), reduction="none")


case(
    "cross-entropy of the linear head", {"x": var(6, 7), "w": var(7, 4), "b": var(4), "target": TARGET, "axis": ints(1)},
    [node("Gemm", "x w b", "logits"), *ENTROPY], lambda v: entropy(v["x"] @ v["w"] + v["b"]),
)  # fmt: skip
case(
    "cross-entropy of the mlp head",
    {"x": var(6, 7), "w0": var(7, 9), "b0": var(9), "w1": var(9, 5), "b1": var(5), "w": var(5, 4), "b": var(4), "target": TARGET, "axis": ints(1)},
    [node("Gemm", "x w0 b0", "h0"), node("Relu", "h0", "r0"), node("Gemm", "r0 w1 b1", "h1"), node("Relu", "h1", "r1"), node("Gemm", "r1 w b", "logits"), *ENTROPY],
    lambda v: entropy(F.relu(F.relu(v["x"] @ v["w0"] + v["b0"]) @ v["w1"] + v["b1"]) @ v["w"] + v["b"]),
)  # fmt: skip

# Reductions
for axes, keep in (([0, 2], 0), ([1], 1), ([-1], 0), ([0, 1, 2], 0)):
    case(f"ReduceSum over {axes}, keepdims {keep}", {"x": var(2, 3, 4), "axes": ints(*axes)}, [node("ReduceSum", "x axes", keepdims=keep)], lambda v, a=axes, k=keep: v["x"].sum(a, keepdim=bool(k)))
    case(f"ReduceMean over {axes}, keepdims {keep}", {"x": var(2, 3, 4)}, [node("ReduceMean", "x", axes=axes, keepdims=keep)], lambda v, a=axes, k=keep: v["x"].mean(a, keepdim=bool(k)))
case("ReduceMean of everything", {"x": var(2, 3, 4)}, [node("ReduceMean", "x", keepdims=0)], lambda v: v["x"].mean())
case("GlobalAveragePool", {"x": var(2, 3, 4, 5)}, [node("GlobalAveragePool", "x")], lambda v: v["x"].mean((2, 3), keepdim=True))

# Arithmetic with broadcasting
ARITHMETIC = {"Add": torch.add, "Sub": torch.sub, "Mul": torch.mul, "Div": torch.div}
for op, function in ARITHMETIC.items():
    for a, b in (([2, 3, 4], [4]), ([2, 1, 4], [3, 1]), ([], [2, 3]), ([2, 3, 4, 5], [3, 1, 1])):
        binary(op, function, a, b, f"{a} and {b}", 0.5, 2)
case("Mul of a value with itself", {"x": var(3, 4)}, [node("Mul", "x x")], lambda v: v["x"] * v["x"])
case("a value read three times", {"x": var(3, 4)}, [node("Add", "x x", "a"), node("Mul", "a x")], lambda v: (v["x"] + v["x"]) * v["x"])
# The two grids never meet, so that there are no ties
for op, function in (("Min", torch.minimum), ("Max", torch.maximum)):
    tensors = {"a": var(2, 3, 4, low=-2, high=2, step=0.25), "b": var(3, 1, low=-1.875, high=1.875, step=0.25)}
    case(f"{op} with broadcasting", tensors, [node(op, "a b")], lambda v, f=function: f(v["a"], v["b"]))
case(
    "Where with broadcasting", {"a": var(2, 3, 4), "b": var(4), "c": fixed(3, 1), "d": fixed(2, 1, 4)},
    [node("Less", "c d", "condition"), node("Where", "condition a b")], lambda v: torch.where(v["c"] < v["d"], v["a"], v["b"]),
)  # fmt: skip
case("Pow with both trained", {"a": var(2, 3, low=0.5, high=2), "b": var(3, low=-2, high=2)}, [node("Pow", "a b")], lambda v: v["a"] ** v["b"])
for exponent in (2.0, 3.0):
    case(f"Pow to the {exponent:g}, negative base too", {"a": var(3, 4, low=-2, high=2), "b": floats([], exponent)}, [node("Pow", "a b")], lambda v, e=exponent: v["a"] ** e)
case("Pow to the 0.5", {"a": var(3, 4, low=0.2, high=3), "b": floats([], 0.5)}, [node("Pow", "a b")], lambda v: v["a"].sqrt())

# Elementwise
for op, function in (("Sigmoid", torch.sigmoid), ("Tanh", torch.tanh), ("Erf", torch.erf), ("Exp", torch.exp), ("Neg", torch.neg), ("Identity", lambda x: x * 1)):
    unary(op, function)
unary("Sigmoid", torch.sigmoid, -40, 40, "Sigmoid far out")
unary("Tanh", torch.tanh, -20, 20, "Tanh far out")
unary("Abs", torch.abs, step=0.5, name="Abs, at zero too")
for op, function in (("Log", torch.log), ("Sqrt", torch.sqrt), ("Reciprocal", torch.reciprocal)):
    unary(op, function, 0.1, 4)
unary("Reciprocal", torch.reciprocal, -3, -0.2, "Reciprocal of negative numbers")

# Shapes
END = -(2**31)
for name, starts, ends, axes, steps, function in (
    ("one axis", [2], [5], [1], [1], lambda x: x[:, 2:5]),
    ("from the end", [-3], [END * -1 - 1], [0], [1], lambda x: x[-3:]),
    ("with steps", [1], [7], [1], [3], lambda x: x[:, 1:7:3]),
    ("backwards", [-1], [END], [1], [-1], lambda x: x.flip(1)),
    ("backwards with steps, two axes", [1, -1], [3, -7], [0, 1], [1, -2], lambda x: x[1:3, [6, 4, 2]]),
):
    tensors = {"x": var(4, 7), "starts": ints(*starts), "ends": ints(*ends), "axes": ints(*axes), "steps": ints(*steps)}
    case(f"Slice {name}", tensors, [node("Slice", "x starts ends axes steps")], lambda v, f=function: f(v["x"]))
case("Pad", {"x": var(2, 3, 2), "pads": ints(1, 0, 2, 0, 3, 1)}, [node("Pad", "x pads")], lambda v: F.pad(v["x"], (2, 1, 0, 3, 1, 0)))
case("Pad with a value", {"x": var(2, 3), "pads": ints(0, 1, 2, 0), "value": floats([], 1.5)}, [node("Pad", "x pads value")], lambda v: F.pad(v["x"], (1, 0, 0, 2), value=1.5))
case("Concat, one part twice", {"a": var(2, 3, 2), "b": var(2, 1, 2)}, [node("Concat", "a b a", axis=-2)], lambda v: torch.cat([v["a"], v["b"], v["a"]], 1))
case("Concat of pictures", {"a": var(2, 2, 3, 3), "b": var(2, 3, 3, 3)}, [node("Concat", "a b", axis=1)], lambda v: torch.cat([v["a"], v["b"]], 1))
case("Transpose, reversed", {"x": var(2, 3, 4)}, [node("Transpose", "x")], lambda v: v["x"].permute(2, 1, 0))
case("Transpose, cyclic", {"x": var(2, 3, 4, 2)}, [node("Transpose", "x", perm=[2, 0, 3, 1])], lambda v: v["x"].permute(2, 0, 3, 1))
case("Reshape with 0 and -1", {"x": var(2, 3, 4), "shape": ints(0, -1, 2)}, [node("Reshape", "x shape")], lambda v: v["x"].reshape(2, 6, 2))
case("Flatten", {"x": var(2, 3, 4)}, [node("Flatten", "x", axis=2)], lambda v: v["x"].reshape(6, 4))
case("Squeeze and Unsqueeze", {"x": var(2, 1, 4), "one": ints(1), "two": ints(0, -1)}, [node("Squeeze", "x one", "s"), node("Unsqueeze", "s two")], lambda v: v["x"].reshape(1, 2, 4, 1))
case("Expand", {"x": var(3, 1), "shape": ints(2, 3, 4)}, [node("Expand", "x shape")], lambda v: v["x"].expand(2, 3, 4))
case("Expand of a larger value", {"x": var(2, 3), "shape": ints(2, 1, 1)}, [node("Expand", "x shape")], lambda v: v["x"].expand(2, 2, 3))

# Put together
case(
    "GELU", {"x": var(4, 6, low=-3, high=3), "root": floats([], math.sqrt(2)), "half": floats([], 0.5), "one": floats([], 1)},
    [node("Div", "x root", "d"), node("Erf", "d", "e"), node("Add", "e one", "s"), node("Mul", "x s", "m"), node("Mul", "m half")], lambda v: F.gelu(v["x"]),
)  # fmt: skip
case(
    "layer normalisation", {"x": var(3, 4, 6), "scale": var(6, low=0.5, high=1.5), "bias": var(6), "two": floats([], 2), "epsilon": floats([], 1e-5)},
    [node("ReduceMean", "x", "mean", axes=[-1]), node("Sub", "x mean", "c"), node("Pow", "c two", "q"), node("ReduceMean", "q", "variance", axes=[-1]),
     node("Add", "variance epsilon", "v"), node("Sqrt", "v", "s"), node("Div", "c s", "n"), node("Mul", "n scale", "m"), node("Add", "m bias")],
    lambda v: F.layer_norm(v["x"], (6,), v["scale"], v["bias"], 1e-5),
)  # fmt: skip
case(
    "attention", {"q": var(2, 3, 4), "k": var(2, 5, 4), "v": var(2, 5, 4), "half": floats([], 0.5)},
    [node("Transpose", "k", "kt", perm=[0, 2, 1]), node("MatMul", "q kt", "s"), node("Mul", "s half", "h"), node("Softmax", "h", "p", axis=-1), node("MatMul", "p v")],
    lambda v: F.scaled_dot_product_attention(v["q"], v["k"], v["v"]),
)  # fmt: skip
case(
    "inverted residual block",
    {"x": var(2, 3, 6, 6), "w0": var(8, 3, 1, 1), "w1": var(8, 1, 3, 3), "w2": var(3, 8, 1, 1), "scale": var(8, low=0.5, high=1.5), "bias": var(8),
     "mean": fixed(8), "variance": fixed(8, low=0.2, high=2), "low": floats([], 0), "high": floats([], 6)},
    [node("Conv", "x w0", "a"), node("BatchNormalization", "a scale bias mean variance", "b", epsilon=1e-3), node("Clip", "b low high", "c"),
     node("Conv", "c w1", "d", group=8, pads=[1, 1, 1, 1]), node("Clip", "d low high", "e"), node("Conv", "e w2", "f"), node("Add", "f x")],
    lambda v: F.conv2d(F.relu6(F.conv2d(F.relu6(F.batch_norm(F.conv2d(v["x"], v["w0"]), v["mean"], v["variance"], v["scale"], v["bias"], False, 0.1, 1e-3)),
                                        v["w1"], padding=1, groups=8)), v["w2"]) + v["x"],
)  # fmt: skip
