"""PyTorch's outputs and gradients for resizing, padding and recurrent networks.

    pip install -r tools/golden/requirements.txt
    python tools/golden/torch_more_layers.py

Made as tools/golden/torch_gradients.py makes its file: float32 inputs by recipe, PyTorch in float64. Weights of recurrent
networks lie in ONNX's order of gates; here they are put in PyTorch's before its own modules run.
"""

import torch
import torch.nn.functional as F
import torch_gradients
from torch_cases import CASES, case, floats, ints, node, var
from torch_more_cases import several

SCRIPT = "tools/golden/torch_more_layers.py"
OPSET = 19
# Of a tensor with more elements every n-th is kept: the file stays small.
torch_gradients.KEPT = 40
# PyTorch's gates by their place in ONNX: LSTM i o f c, GRU z r n.
ORDER = {"LSTM": [0, 2, 3, 1], "GRU": [1, 0, 2], "RNN": [0]}
MODULES = {"LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU, "RNN": torch.nn.RNN}

CASES.clear()


def interpolation(name: str, dims: list[int], size: list[int], mode: str, corners: bool | None, **attributes) -> None:
    onnx = node("Resize", "x _ _ size", mode=mode, **attributes)
    torch_mode = {"nearest": "nearest", "cubic": "bicubic", "linear": {3: "linear", 4: "bilinear", 5: "trilinear"}[len(dims)]}[mode]
    case(
        f"Resize {name}", {"x": var(*dims), "size": ints(*dims[:2], *size)}, [onnx],
        lambda v: F.interpolate(v["x"], size=size, mode=torch_mode, align_corners=corners),
    )  # fmt: skip


for size in ([8, 9], [3, 4], [10, 7]):
    where = f"[5, 7] to {size}"
    interpolation(f"linear {where}", [2, 3, 5, 7], size, "linear", False, coordinate_transformation_mode="pytorch_half_pixel")
    interpolation(f"linear by corners {where}", [2, 3, 5, 7], size, "linear", True, coordinate_transformation_mode="align_corners")
    interpolation(f"cubic {where}", [1, 2, 5, 7], size, "cubic", False, coordinate_transformation_mode="half_pixel")
    interpolation(f"cubic by corners {where}", [1, 2, 5, 7], size, "cubic", True, coordinate_transformation_mode="align_corners")
    interpolation(f"nearest {where}", [2, 3, 5, 7], size, "nearest", None, coordinate_transformation_mode="asymmetric", nearest_mode="floor")
interpolation("linear of volumes", [1, 2, 3, 4, 3], [5, 4, 6], "linear", False, coordinate_transformation_mode="half_pixel")
case("Resize doubling", {"x": var(2, 3, 4, 5), "scales": floats([4], 1, 1, 2, 2)}, [node("Resize", "x _ scales", mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")], lambda v: F.interpolate(v["x"], scale_factor=2, mode="nearest"))
case(
    "a decoder's step: upsampled, joined, convolved", {"low": var(1, 4, 3, 3), "high": var(1, 2, 6, 6), "w": var(3, 6, 3, 3), "scales": floats([4], 1, 1, 2, 2)},
    [node("Resize", "low _ scales", "up", mode="linear", coordinate_transformation_mode="half_pixel"), node("Concat", "up high", "both", axis=1), node("Conv", "both w", pads=[1, 1, 1, 1], kernel_shape=[3, 3])],
    lambda v: F.conv2d(torch.cat([F.interpolate(v["low"], scale_factor=2, mode="bilinear"), v["high"]], 1), v["w"], padding=1),
)  # fmt: skip

for mode, theirs in (("constant", "constant"), ("reflect", "reflect"), ("edge", "replicate"), ("wrap", "circular")):
    case(f"Pad {mode}", {"x": var(2, 3, 5, 6), "pads": ints(0, 0, 2, 1, 0, 0, 3, 4)}, [node("Pad", "x pads", mode=mode)], lambda v, m=theirs: F.pad(v["x"], (1, 4, 2, 3), mode=m))
case("Pad, cropping", {"x": var(2, 3, 5, 6), "pads": ints(-1, 2, 0, -2)}, [node("Pad", "x pads _ axes")], lambda v: F.pad(v["x"], (-1, 0, 2, -2)))
CASES[-1]["tensors"]["axes"] = ints(3, 2)
case(
    "reflected convolution", {"x": var(1, 2, 6, 6), "w": var(3, 2, 3, 3), "pads": ints(0, 0, 1, 1, 0, 0, 1, 1)},
    [node("Pad", "x pads", "p", mode="reflect"), node("Conv", "p w", kernel_shape=[3, 3])],
    lambda v: F.conv2d(F.pad(v["x"], (1, 1, 1, 1), mode="reflect"), v["w"]),
)  # fmt: skip


def module(kind: str, v: dict, prefix: str, x: torch.Tensor, state: tuple | None = None, **options):
    """Runs PyTorch's module with weights in ONNX's layout; returns its outputs by time, and its last states."""
    w, r = v[f"{prefix}w"], v[f"{prefix}r"]
    b = v.get(f"{prefix}b")
    directions, _, hidden = r.shape
    net = MODULES[kind](x.shape[2], hidden, bias=b is not None, bidirectional=directions == 2, **options).double()

    def turned(tensor: torch.Tensor) -> torch.Tensor:
        gates = tensor.reshape(len(ORDER[kind]), hidden, *tensor.shape[1:])
        return gates[ORDER[kind]].reshape(tensor.shape)

    weights = {}
    for d in range(directions):
        suffix = "_l0" + ("_reverse" if d else "")
        weights[f"weight_ih{suffix}"], weights[f"weight_hh{suffix}"] = turned(w[d]), turned(r[d])
        if b is not None:
            ours = b[d].reshape(2, -1)
            weights[f"bias_ih{suffix}"], weights[f"bias_hh{suffix}"] = turned(ours[0]), turned(ours[1])
    return torch.func.functional_call(net, weights, (x,) if state is None else (x, state))


def weights(kind: str, prefix: str, inputs: int, hidden: int, directions: int, bias: bool = True) -> dict:
    gates = len(ORDER[kind])
    made = {f"{prefix}w": var(directions, gates * hidden, inputs), f"{prefix}r": var(directions, gates * hidden, hidden)}
    return {**made, f"{prefix}b": var(directions, 2 * gates * hidden)} if bias else made


def by_direction(y: torch.Tensor, directions: int) -> torch.Tensor:
    """PyTorch's [time, batch, directions · hidden] as ONNX's [time, directions, batch, hidden]."""
    return y.reshape(*y.shape[:2], directions, -1).transpose(1, 2)


for kind in ("LSTM", "GRU", "RNN"):
    late = {"linear_before_reset": 1} if kind == "GRU" else {}
    names = "y h c" if kind == "LSTM" else "y h"
    case(kind, {"x": var(5, 2, 3), **weights(kind, "", 3, 4, 1)}, [several(kind, "x w r b", names, hidden_size=4, **late)], lambda v, k=kind: by_direction(module(k, v, "", v["x"])[0], 1))
    case(f"{kind} without biases, one step", {"x": var(1, 2, 3), **weights(kind, "", 3, 2, 1, bias=False)}, [several(kind, "x w r", names, hidden_size=2, **late)], lambda v, k=kind: by_direction(module(k, v, "", v["x"])[0], 1))
    states = {"h0": var(2, 2, 3), **({"c0": var(2, 2, 3)} if kind == "LSTM" else {})}
    case(
        f"{kind} of both directions, from given states", {"x": var(4, 2, 3), **weights(kind, "", 3, 3, 2), **states},
        [several(kind, "x w r b _ " + " ".join(states), names, hidden_size=3, direction="bidirectional", **late)],
        lambda v, k=kind: by_direction(module(k, v, "", v["x"], (v["h0"], v["c0"]) if k == "LSTM" else v["h0"])[0], 2),
    )  # fmt: skip
    last = lambda v, k=kind: (lambda s: s[0] + s[1] if k == "LSTM" else s)(module(k, v, "", v["x"])[1])  # noqa: E731
    read = [several(kind, "x w r b", "_ h c", hidden_size=4), node("Add", "h c")] if kind == "LSTM" else [several(kind, "x w r b", "_ y", hidden_size=4, **late)]
    case(f"{kind}, its last state alone", {"x": var(4, 3, 2), **weights(kind, "", 2, 4, 1)}, read, last)
    case(
        f"two layers of {kind}, both directions", {"x": var(4, 2, 3), **weights(kind, "a", 3, 2, 2), **weights(kind, "b", 4, 3, 2), "flat": ints(0, 0, -1)},
        [several(kind, "x aw ar ab", "a", hidden_size=2, direction="bidirectional", **late), node("Transpose", "a", "t", perm=[0, 2, 1, 3]), node("Reshape", "t flat", "f"),
         several(kind, "f bw br bb", "y", hidden_size=3, direction="bidirectional", **late)],
        lambda v, k=kind: by_direction(module(k, v, "b", module(k, v, "a", v["x"])[0])[0], 2),
    )  # fmt: skip
    case(
        f"{kind} backwards", {"x": var(4, 2, 3), **weights(kind, "", 3, 2, 1)}, [several(kind, "x w r b", "y", hidden_size=2, direction="reverse", **late)],
        lambda v, k=kind: by_direction(module(k, v, "", v["x"].flip(0))[0].flip(0), 1),
    )  # fmt: skip
    case(
        f"{kind}, batch first", {"x": var(2, 4, 3), **weights(kind, "", 3, 2, 1)}, [several(kind, "x w r b", "y", hidden_size=2, layout=1, **late)],
        lambda v, k=kind: module(k, v, "", v["x"], batch_first=True)[0].unsqueeze(2),
    )  # fmt: skip
case("RNN of relu", {"x": var(4, 2, 3), **weights("RNN", "", 3, 2, 1)}, [several("RNN", "x w r b", "y", hidden_size=2, activations=["Relu"])], lambda v: by_direction(module("RNN", v, "", v["x"], nonlinearity="relu")[0], 1))


def peepholes(v: dict) -> torch.Tensor:
    """An LSTM whose gates see its cell, as the specification writes it down: PyTorch has none."""
    hidden = v["r"].shape[2]
    pi, po, pf = v["p"][0].split(hidden)
    h = c = torch.zeros(v["x"].shape[1], hidden, dtype=torch.float64)
    ys = []
    for x in v["x"]:
        i, o, f, z = (x @ v["w"][0].T + h @ v["r"][0].T + sum(v["b"][0].split(4 * hidden))).split(hidden, 1)
        before = c
        c = torch.sigmoid(f + pf * before) * before + torch.sigmoid(i + pi * before) * torch.tanh(z)
        h = torch.sigmoid(o + po * c) * torch.tanh(c)
        ys.append(h)
    return torch.stack(ys).unsqueeze(1)


case("LSTM with peepholes", {"x": var(4, 2, 3), **weights("LSTM", "", 3, 2, 1), "p": var(1, 6)}, [several("LSTM", "x w r b _ _ _ p", "y", hidden_size=2)], peepholes)


def early(v: dict) -> torch.Tensor:
    """A GRU that resets before its product, as the specification writes it down: PyTorch has none."""
    hidden = v["r"].shape[2]
    h = torch.zeros(v["x"].shape[1], hidden, dtype=torch.float64)
    (wz, wr, wn), (rz, rr, rn) = v["w"][0].split(hidden), v["r"][0].split(hidden)
    bz, br, bn, cz, cr, cn = v["b"][0].split(hidden)
    ys = []
    for x in v["x"]:
        z, r = torch.sigmoid(x @ wz.T + h @ rz.T + bz + cz), torch.sigmoid(x @ wr.T + h @ rr.T + br + cr)
        n = torch.tanh(x @ wn.T + (r * h) @ rn.T + bn + cn)
        h = (1 - z) * n + z * h
        ys.append(h)
    return torch.stack(ys).unsqueeze(1)


case("GRU that resets first", {"x": var(4, 2, 3), **weights("GRU", "", 3, 2, 1)}, [several("GRU", "x w r b", "y", hidden_size=2)], early)


def contributed(op: str, inputs: str, output: str = "y", **attributes) -> dict:
    """A node of the domain that ONNX Runtime's optimizer writes."""
    return {**node(op, inputs, output, **attributes), "domain": "com.microsoft"}


case("com.microsoft.Gelu", {"x": var(3, 7, low=-4, high=4)}, [contributed("Gelu", "x")], lambda v: F.gelu(v["x"]))
case("com.microsoft.BiasGelu", {"x": var(2, 3, 5, low=-3, high=3), "b": var(5)}, [contributed("BiasGelu", "x b")], lambda v: F.gelu(v["x"] + v["b"]))
case("com.microsoft.FastGelu", {"x": var(2, 3, 5, low=-3, high=3), "b": var(5)}, [contributed("FastGelu", "x b")], lambda v: F.gelu(v["x"] + v["b"], approximate="tanh"))
case("com.microsoft.QuickGelu", {"x": var(3, 7, low=-4, high=4)}, [contributed("QuickGelu", "x", alpha=1.702)], lambda v: v["x"] * torch.sigmoid(1.702 * v["x"]))
case(
    "com.microsoft.SkipLayerNormalization", {"x": var(2, 3, 6), "skip": var(2, 3, 6), "scale": var(6), "shift": var(6), "b": var(6)},
    [contributed("SkipLayerNormalization", "x skip scale shift b", epsilon=1e-5)], lambda v: F.layer_norm(v["x"] + v["skip"] + v["b"], [6], v["scale"], v["shift"]),
)  # fmt: skip
case("com.microsoft.SkipLayerNormalization of a value and itself", {"x": var(2, 3, 6), "scale": var(6)}, [contributed("SkipLayerNormalization", "x x scale", epsilon=1e-5)], lambda v: F.layer_norm(v["x"] * 2, [6], v["scale"]))
case("com.microsoft.FusedMatMul", {"a": var(2, 4, 3), "b": var(5, 4)}, [contributed("FusedMatMul", "a b", transA=1, transB=1, alpha=0.25)], lambda v: 0.25 * v["a"].transpose(1, 2) @ v["b"].T)


def numbers(dims: list[int], dtype: str, *values: int) -> dict:
    return {"role": "constant", "dtype": dtype, "dims": dims, "values": list(values)}


# A frozen int8 weight: the gradient passes it by and reaches x; and its scales have one of their own.
FROZEN = [-128, 5, 127, 0, -7, 64, 33, -90, 2, 100, -1, 77]
case(
    "a dense layer of frozen int8 weights", {"x": var(3, 4), "w": numbers([4, 3], "int8", *FROZEN), "s": floats([3], 0.01, 0.02, 0.005), "z": numbers([3], "int8", 3, 0, -2)},
    [node("DequantizeLinear", "w s z", "d", axis=1), node("MatMul", "x d")], lambda v: v["x"] @ ((v["w"] - v["z"]) * v["s"]),
)  # fmt: skip
case("DequantizeLinear by its scales", {"s": var(3, low=0.1), "w": numbers([4, 3], "int8", *FROZEN), "z": numbers([3], "int8", 3, 0, -2)}, [node("DequantizeLinear", "w s z", axis=1)], lambda v: (v["w"] - v["z"]) * v["s"])
case("DequantizeLinear by one scale", {"s": var(low=0.1), "w": numbers([4, 3], "int8", *FROZEN)}, [node("DequantizeLinear", "w s")], lambda v: v["w"] * v["s"])
case("Hardmax holds the gradient back", {"x": var(3, 4)}, [node("Hardmax", "x", "h"), node("Mul", "h x")], lambda v: F.one_hot(v["x"].argmax(1), 4) * v["x"])
case("Compress", {"x": var(3, 5), "k": numbers([5], "bool", 1, 0, 0, 1, 1)}, [node("Compress", "x k", axis=1)], lambda v: v["x"][:, v["k"] != 0])


def attended(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, heads: int, mask: torch.Tensor | None = None, causal: bool = False) -> torch.Tensor:
    def apart(x: torch.Tensor) -> torch.Tensor:
        return x.unflatten(2, (heads, -1)).transpose(1, 2)

    bias = None if mask is None else (1 - mask.double()) * -10000.0
    y = F.scaled_dot_product_attention(apart(q), apart(k), apart(v), attn_mask=bias, is_causal=causal)
    return y.transpose(1, 2).flatten(2)


projected = lambda v: (v["x"] @ v["w"] + v["b"]).chunk(3, 2)  # noqa: E731
case(
    "com.microsoft.Attention, some keys hidden", {"x": var(2, 3, 4), "w": var(4, 12), "b": var(12), "m": numbers([2, 3], "int32", 1, 1, 0, 1, 1, 1)},
    [contributed("Attention", "x w b m", num_heads=2)], lambda v: attended(*projected(v), 2, v["m"][:, None, None]),
)  # fmt: skip
case("com.microsoft.Attention, causal", {"x": var(2, 3, 4), "w": var(4, 12), "b": var(12)}, [contributed("Attention", "x w b", num_heads=2, unidirectional=1)], lambda v: attended(*projected(v), 2, causal=True))
case(
    "com.microsoft.MultiHeadAttention", {"q": var(2, 3, 4), "k": var(2, 5, 4), "v": var(2, 5, 4), "b": var(12)}, [contributed("MultiHeadAttention", "q k v b", num_heads=2)],
    lambda v: attended(*(v[name] + b for name, b in zip("qkv", v["b"].chunk(3), strict=True)), 2),
)  # fmt: skip
case(
    "com.microsoft.EmbedLayerNormalization", {"i": numbers([2, 3], "int32", 0, 4, 1, 2, 2, 3), "s": numbers([2, 3], "int32", 0, 0, 1, 0, 1, 1), "words": var(5, 4), "places": var(4, 4), "kinds": var(2, 4), "scale": var(4), "shift": var(4)},
    [{**contributed("EmbedLayerNormalization", "i s words places kinds scale shift", epsilon=1e-5), "outputs": ["y", "lengths"]}],
    lambda v: F.layer_norm(F.embedding(v["i"], v["words"]) + v["places"][:3] + F.embedding(v["s"], v["kinds"]), [4], v["scale"], v["shift"], 1e-5),
)  # fmt: skip
case("com.microsoft.FusedConv", {"x": var(1, 2, 5, 5), "w": var(3, 2, 3, 3), "b": var(3)}, [contributed("FusedConv", "x w b", kernel_shape=[3, 3], pads=[1, 1, 1, 1], activation="Relu")], lambda v: F.relu(F.conv2d(v["x"], v["w"], v["b"], padding=1)))
case("com.microsoft.FusedConv, a value added", {"x": var(1, 2, 5, 5), "w": var(3, 2, 3, 3), "b": var(3), "z": var(1, 3, 3, 3)}, [contributed("FusedConv", "x w b z", kernel_shape=[3, 3], activation="Relu")], lambda v: F.relu(F.conv2d(v["x"], v["w"], v["b"]) + v["z"]))
case("com.microsoft.FusedGemm", {"a": var(3, 4), "b": var(5, 4), "c": var(5)}, [contributed("FusedGemm", "a b c", transB=1, activation="LeakyRelu", activation_alpha=0.1)], lambda v: F.leaky_relu(v["a"] @ v["b"].T + v["c"], 0.1))


if __name__ == "__main__":
    torch_gradients.write(SCRIPT, "torch-layers-gradients.json", CASES, before={"opset": OPSET}, tolerance={"relative": 1e-5})
