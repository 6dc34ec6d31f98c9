"""The cases of tools/golden/torch_nn_gradients.py: pooling, normalisation, transposed and one-dimensional convolutions."""

import torch
import torch.nn.functional as F
from torch_cases import CASES, case, node, var

CASES.clear()
TIES = {"low": -1, "high": 1, "step": 0.5}


def at(opset: int) -> None:
    """Sets the operator set of the case just made."""
    CASES[-1]["opset"] = opset


def index(dims: list[int], *values: int) -> dict:
    return {"role": "constant", "dtype": "int64", "dims": dims, "values": list(values)}


def padded(x: torch.Tensor, pads: list[int], value: float) -> torch.Tensor:
    """Pads in ONNX's order: all beginnings, then all ends."""
    space = len(pads) // 2
    pairs = [pad for axis in reversed(range(space)) for pad in (pads[axis], pads[axis + space])]
    return F.pad(x, pairs, value=value)


def largest(dims: list[int], kernel: list[int], name: str = "", spec: dict | None = None, ceil: bool = False, **attributes) -> None:
    def function(v: dict) -> torch.Tensor:
        pads = attributes.get("pads", [0] * 2 * len(kernel))
        settings = {"stride": attributes.get("strides", [1] * len(kernel)), "dilation": attributes.get("dilations", 1), "ceil_mode": ceil}
        pool = F.max_pool1d if len(kernel) == 1 else F.max_pool2d
        symmetric = pads[: len(kernel)]
        return pool(v["x"], kernel, padding=symmetric, **settings)

    extra = {"ceil_mode": 1} if ceil else {}
    case(f"MaxPool {dims} {kernel} {name}".strip(), {"x": var(*dims, **(spec or {"low": -2, "high": 2}))}, [node("MaxPool", "x", kernel_shape=kernel, **extra, **attributes)], function)


def mean(dims: list[int], kernel: list[int], name: str = "", ceil: bool = False, pads_count: bool = False, **attributes) -> None:
    def function(v: dict) -> torch.Tensor:
        pads = attributes.get("pads", [0] * 2 * len(kernel))
        pool = F.avg_pool1d if len(kernel) == 1 else F.avg_pool2d
        return pool(v["x"], kernel, attributes.get("strides", [1] * len(kernel)), pads[: len(kernel)], ceil, pads_count)

    extra = {**({"ceil_mode": 1} if ceil else {}), **({"count_include_pad": 1} if pads_count else {})}
    case(f"AveragePool {dims} {kernel} {name}".strip(), {"x": var(*dims)}, [node("AveragePool", "x", kernel_shape=kernel, **extra, **attributes)], function)


def convolved(name: str, x: list[int], w: list[int], bias: bool = False, transposed: bool = False, cut: list[int] | None = None, **attributes) -> None:
    """`cut`: pads that the function takes off at both ends itself, where PyTorch knows one pad for both."""
    tensors = {"x": var(*x), "w": var(*w)}
    if bias:
        tensors["b"] = var(w[1] * attributes.get("group", 1) if transposed else w[0])
    space = len(x) - 2
    ones = [1] * space

    def function(v: dict) -> torch.Tensor:
        settings = {"stride": attributes.get("strides", ones), "dilation": attributes.get("dilations", ones), "groups": attributes.get("group", 1)}
        if not transposed:
            return [F.conv1d, F.conv2d][space - 1](padded(v["x"], cut or attributes.get("pads", [0] * 2 * space), 0), v["w"], v.get("b"), **settings)
        more = attributes.get("output_padding", [0] * space)
        pads = attributes.get("pads", [0] * 2 * space)[:space] if cut is None else 0
        y = [F.conv_transpose1d, F.conv_transpose2d][space - 1](v["x"], v["w"], v.get("b"), padding=pads, output_padding=more, **settings)
        return y if cut is None else padded(y, [-pad for pad in cut], 0)

    op = "ConvTranspose" if transposed else "Conv"
    case(f"{op} {name}", tensors, [node(op, "x w b" if bias else "x w", **attributes)], function)


# Max pools: in scan order the first of equal elements takes the gradient
largest([2, 3, 6, 8], [2, 2], strides=[2, 2])
largest([2, 3, 6, 8], [2, 2], "with ties", TIES, strides=[2, 2])
largest([2, 2, 7, 5], [2, 2], "leaving rows over", strides=[2, 2])
largest([2, 3, 7, 6], [3, 3], "stride 2", strides=[2, 2], pads=[1, 1, 1, 1])
largest([2, 3, 7, 6], [3, 3], "stride 2 with ties", TIES, strides=[2, 2], pads=[1, 1, 1, 1])
largest([2, 2, 5, 5], [3, 3], "stride 1 with ties", TIES, pads=[1, 1, 1, 1])
largest([1, 2, 6, 7], [3, 2], "rounded up", ceil=True, strides=[2, 2])
largest([1, 2, 7, 7], [3, 3], "rounded up with pads", TIES, ceil=True, strides=[3, 2], pads=[1, 1, 1, 1])
largest([1, 2, 8, 7], [2, 2], "stride 3", strides=[3, 3])
largest([1, 2, 6, 7], [2, 2], "dilated", TIES, dilations=[2, 2])
largest([1, 2, 9, 8], [3, 2], "dilated with stride and pads", TIES, dilations=[2, 3], strides=[2, 1], pads=[1, 1, 1, 1])
largest([2, 3, 9], [3], strides=[2], pads=[1, 1])
largest([2, 3, 8], [2], "with ties", TIES, strides=[2])
largest([2, 3, 9], [2], "dilated", TIES, dilations=[3])

case("MaxUnpool", {"x": var(1, 2, 2, 2), "i": index([1, 2, 2, 2], 5, 2, 8, 15, 15, 0, 6, 9), "flat": index([1, 2, 2, 2], 5, 2, 8, 15, 31, 16, 22, 25)},
     [node("MaxUnpool", "x flat", kernel_shape=[2, 2], strides=[2, 2])], lambda v: F.max_unpool2d(v["x"], v["i"], 2))  # fmt: skip

# Average pools
mean([2, 3, 6, 8], [2, 2], strides=[2, 2])
mean([2, 3, 7, 6], [3, 3], "without pads", strides=[2, 2], pads=[1, 1, 1, 1])
mean([2, 3, 7, 6], [3, 3], "counting pads", pads_count=True, strides=[2, 2], pads=[1, 1, 1, 1])
mean([1, 2, 6, 7], [3, 2], "rounded up", ceil=True, strides=[2, 2])
mean([1, 2, 8, 8], [3, 3], "rounded up, counting pads", ceil=True, pads_count=True, strides=[2, 2], pads=[1, 1, 1, 1])
mean([2, 3, 9], [3], "without pads", strides=[2], pads=[1, 1])
mean([2, 3, 9], [4], "counting pads", pads_count=True, strides=[3], pads=[1, 1])
case("AveragePool SAME_UPPER", {"x": var(1, 2, 5, 6)}, [node("AveragePool", "x", kernel_shape=[2, 3], strides=[2, 2], auto_pad="SAME_UPPER")],
     lambda v: (lambda sums: sums(v["x"]) / sums(torch.ones_like(v["x"])))(lambda x: F.avg_pool2d(F.pad(x, (0, 1, 0, 1)), (2, 3), 2)))  # fmt: skip
case("AveragePool, dilated", {"x": var(1, 2, 7, 8)}, [node("AveragePool", "x", kernel_shape=[2, 3], dilations=[3, 2])],
     lambda v: F.conv2d(v["x"], torch.full((2, 1, 2, 3), 1 / 6, dtype=torch.float64), dilation=(3, 2), groups=2))  # fmt: skip
at(19)
def windows(x: torch.Tensor, p: int) -> torch.Tensor:
    """Norms of windows of 3 × 2 with stride 2 and one pad all around."""
    parts = F.pad(x.abs() ** p, (1, 1, 1, 1)).unfold(2, 3, 2).unfold(3, 2, 2)
    return parts.sum((4, 5)) ** (1 / p)


for p in (1, 2, 3):
    pads = {"kernel_shape": [3, 2], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    case(f"LpPool, p {p}", {"x": var(1, 2, 6, 5)}, [node("LpPool", "x", p=p, **pads)], lambda v, p=p: windows(v["x"], p))
    case(f"GlobalLpPool, p {p}", {"x": var(2, 3, 4, 2)}, [node("GlobalLpPool", "x", p=p)], lambda v, p=p: torch.linalg.vector_norm(v["x"], p, (2, 3), keepdim=True))
for dims in ([2, 3, 5], [2, 3, 4, 3], [1, 2, 3, 2, 4]):
    case(f"GlobalMaxPool {dims} with ties", {"x": var(*dims, **TIES)}, [node("GlobalMaxPool", "x")], lambda v: getattr(F, f"adaptive_max_pool{v['x'].dim() - 2}d")(v["x"], 1))
    case(f"GlobalAveragePool {dims}", {"x": var(*dims)}, [node("GlobalAveragePool", "x")], lambda v: v["x"].mean(list(range(2, v["x"].dim())), keepdim=True))

# Convolutions of signals
convolved("of a signal", [2, 3, 9], [4, 3, 3])
convolved("of a signal, stride, pads, bias", [2, 3, 10], [4, 3, 4], bias=True, strides=[3], pads=[2, 1])
convolved("of a signal, dilated", [1, 3, 12], [2, 3, 3], dilations=[2], strides=[2], pads=[1, 1])
convolved("of a signal, depthwise", [2, 4, 9], [4, 1, 5], strides=[2], pads=[2, 2], group=4)
convolved("of a signal, depthwise with multiplier", [2, 3, 9], [6, 1, 3], pads=[1, 1], group=3)
convolved("of a signal, depthwise, 16 channels", [1, 16, 6], [16, 1, 3], bias=True, pads=[1, 1], group=16)
convolved("of a signal, in groups", [2, 4, 7], [6, 2, 3], bias=True, group=2)
convolved("of a signal, SAME_LOWER", [1, 2, 8], [3, 2, 4], cut=[2, 1], auto_pad="SAME_LOWER")
convolved("of a signal, 1 wide", [2, 3, 5], [4, 3, 1], bias=True)

# Transposed convolutions
T = {"transposed": True}
convolved("", [2, 3, 4, 5], [3, 2, 3, 3], **T)
convolved("with stride, pads, bias", [2, 3, 4, 5], [3, 2, 3, 4], **T, bias=True, strides=[2, 3], pads=[1, 2, 1, 2])
convolved("with output_padding", [1, 4, 3, 4], [4, 3, 3, 3], **T, bias=True, strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])
convolved("doubling", [2, 4, 3, 3], [4, 2, 2, 2], **T, strides=[2, 2])
convolved("dilated", [1, 2, 4, 4], [2, 3, 2, 3], **T, strides=[2, 1], dilations=[2, 3], pads=[1, 0, 1, 0])
convolved("in groups", [2, 4, 3, 4], [4, 3, 3, 3], **T, bias=True, strides=[2, 2], group=2)
convolved("depthwise", [2, 3, 4, 4], [3, 1, 4, 4], **T, strides=[2, 2], pads=[1, 1, 1, 1], group=3)
convolved("depthwise with multiplier", [2, 2, 3, 4], [2, 3, 3, 3], **T, strides=[2, 2], group=2)
convolved("depthwise, 16 channels", [1, 16, 3, 3], [16, 1, 2, 2], **T, strides=[2, 2], group=16)
convolved("pointwise", [2, 3, 4, 4], [3, 5, 1, 1], **T)
convolved("to an output_shape", [1, 2, 3, 4], [2, 3, 3, 3], **T, cut=[1, 1, 0, 0], strides=[2, 2], output_shape=[6, 8])
convolved("of a signal", [2, 3, 5], [3, 2, 4], **T, bias=True, strides=[2], pads=[1, 1])
convolved("of a signal, dilated, in groups", [1, 4, 5], [4, 2, 3], **T, strides=[2], dilations=[2], output_padding=[1], group=2)
convolved("of a signal, depthwise", [2, 3, 5], [3, 1, 4], **T, strides=[2], pads=[1, 1], group=3)

# Normalisation
case("LayerNormalization", {"x": var(2, 3, 8), "s": var(8), "b": var(8)}, [node("LayerNormalization", "x s b")], lambda v: F.layer_norm(v["x"], [8], v["s"], v["b"]))
case("LayerNormalization without bias, epsilon 1e-2", {"x": var(4, 6), "s": var(6)}, [node("LayerNormalization", "x s", epsilon=1e-2, axis=1)], lambda v: F.layer_norm(v["x"], [6], v["s"], None, 1e-2))
case("LayerNormalization over three axes", {"x": var(2, 3, 4, 5), "s": var(3, 4, 5), "b": var(3, 4, 5)}, [node("LayerNormalization", "x s b", axis=-3)], lambda v: F.layer_norm(v["x"], [3, 4, 5], v["s"], v["b"]))
case("RMSNormalization", {"x": var(2, 3, 8), "s": var(8)}, [node("RMSNormalization", "x s", epsilon=1e-6)], lambda v: F.rms_norm(v["x"], [8], v["s"], 1e-6))
at(23)
for dims in ([2, 3, 7], [2, 3, 4, 5]):
    case(f"InstanceNormalization {dims}", {"x": var(*dims), "s": var(3), "b": var(3)}, [node("InstanceNormalization", "x s b")], lambda v: F.instance_norm(v["x"], weight=v["s"], bias=v["b"]))
case("GroupNormalization, scales per channel", {"x": var(2, 6, 3, 4), "s": var(6), "b": var(6)}, [node("GroupNormalization", "x s b", num_groups=3)], lambda v: F.group_norm(v["x"], 3, v["s"], v["b"]))
at(21)
case("GroupNormalization, scales per group", {"x": var(2, 6, 3, 4), "s": var(3), "b": var(3)}, [node("GroupNormalization", "x s b", num_groups=3)], lambda v: F.group_norm(v["x"], 3, v["s"].repeat_interleave(2), v["b"].repeat_interleave(2)))
at(18)
case("GroupNormalization of a signal", {"x": var(2, 4, 5), "s": var(4), "b": var(4)}, [node("GroupNormalization", "x s b", num_groups=2, epsilon=1e-3)], lambda v: F.group_norm(v["x"], 2, v["s"], v["b"], 1e-3))
at(21)
case("LpNormalization", {"x": var(3, 7)}, [node("LpNormalization", "x")], lambda v: F.normalize(v["x"], dim=-1))
case("LpNormalization, p 1, axis 1", {"x": var(2, 5, 3)}, [node("LpNormalization", "x", p=1, axis=1)], lambda v: F.normalize(v["x"], 1, dim=1))
case("MeanVarianceNormalization", {"x": var(3, 2, 4, 3)}, [node("MeanVarianceNormalization", "x")], lambda v: (v["x"] - v["x"].mean((0, 2, 3), keepdim=True)) / (v["x"].std((0, 2, 3), unbiased=False, keepdim=True) + 1e-9))
case("MeanVarianceNormalization over the last axis", {"x": var(3, 2, 6)}, [node("MeanVarianceNormalization", "x", axes=[-1])], lambda v: F.layer_norm(v["x"], [6], eps=0))
case("LRN of AlexNet", {"x": var(2, 9, 3, 3, low=-8, high=8)}, [node("LRN", "x", size=5, alpha=0.05)], lambda v: F.local_response_norm(v["x"], 5, 0.05))
case("LRN, bias and beta of their own", {"x": var(1, 7, 4, 2)}, [node("LRN", "x", size=3, alpha=0.9, beta=0.5, bias=2.0)], lambda v: F.local_response_norm(v["x"], 3, 0.9, 0.5, 2.0))

# Pixels into channels and back
case("DepthToSpace CRD", {"x": var(2, 12, 2, 3)}, [node("DepthToSpace", "x", blocksize=2, mode="CRD")], lambda v: F.pixel_shuffle(v["x"], 2))
case("DepthToSpace DCR", {"x": var(1, 18, 2, 3)}, [node("DepthToSpace", "x", blocksize=3)], lambda v: F.pixel_shuffle(v["x"].reshape(1, 9, 2, 2, 3).transpose(1, 2).reshape(1, 18, 2, 3), 3))
case("SpaceToDepth", {"x": var(2, 3, 4, 6)}, [node("SpaceToDepth", "x", blocksize=2)], lambda v: F.pixel_unshuffle(v["x"], 2).reshape(2, 3, 4, 2, 3).transpose(1, 2).reshape(2, 12, 2, 3))

# Put together
case(
    "a rung of a U-Net", {"x": var(2, 2, 6, 6), "a": var(4, 2, 3, 3), "b": var(4, 2, 2, 2), "c": var(2, 4, 1, 1)},
    [node("MaxPool", "x", "p", kernel_shape=[2, 2], strides=[2, 2]), node("Conv", "p a", "q", pads=[1, 1, 1, 1]), node("Relu", "q", "r"),
     node("ConvTranspose", "r b", "s", strides=[2, 2]), node("Concat", "x s", "t", axis=1), node("Conv", "t c")],
    lambda v: F.conv2d(torch.cat([v["x"], F.conv_transpose2d(F.relu(F.conv2d(F.max_pool2d(v["x"], 2), v["a"], padding=1)), v["b"], stride=2)], 1), v["c"]),
)  # fmt: skip
case(
    "a ConvNeXt block, channels turned", {"x": var(1, 4, 5, 5), "d": var(4, 1, 3, 3), "s": var(4), "b": var(4), "u": var(4, 8)},
    [node("Conv", "x d", "h", group=4, pads=[1, 1, 1, 1]), node("Transpose", "h", "t", perm=[0, 2, 3, 1]), node("LayerNormalization", "t s b", "n"), node("MatMul", "n u")],
    lambda v: F.layer_norm(F.conv2d(v["x"], v["d"], padding=1, groups=4).permute(0, 2, 3, 1), [4], v["s"], v["b"]) @ v["u"],
)  # fmt: skip
case(
    "the stem of a speech model", {"x": var(1, 3, 12), "w": var(4, 3, 3), "s": var(4), "b": var(4)},
    [node("Conv", "x w", "h", strides=[2], pads=[1, 1]), node("GroupNormalization", "h s b", "n", num_groups=4), node("Relu", "n", "r"), node("MaxPool", "r", kernel_shape=[2], strides=[2])],
    lambda v: F.max_pool1d(F.relu(F.group_norm(F.conv1d(v["x"], v["w"], stride=2, padding=1), 4, v["s"], v["b"])), 2),
)  # fmt: skip
at(21)
