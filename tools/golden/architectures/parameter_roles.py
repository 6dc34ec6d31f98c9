"""How many numbers of each role PyTorch's modules hold, for the roles that Graft finds in exported files.

    pip install -r tools/golden/requirements-architectures.txt efficientnet-lite-pytorch==0.1.0
    python tools/golden/architectures/parameter_roles.py

A parameter's role is told by its module and name: weights of Linear, Conv and recurrent layers are kernels, their biases biases; weight and
bias of a normalisation are scale and shift; Embedding holds embeddings; anything else is other. BitFit trains what is called bias: the
sum of bias and shift. Parameters that no output depends on are in no file. Where the exporter has folded batch normalisation, its
scale is gone and its shift is the convolution's bias.
"""

from __future__ import annotations

import gzip
import json
import warnings
from importlib.metadata import version

import libraries  # noqa: F401
import onnx
import torch
from export import LIBRARIES
from storing import TARGET
from torch import nn
from training import tensor
from transformers import BertConfig, BertModel
from transformers.pytorch_utils import Conv1D
from zoo import ELSEWHERE, ZOO, Entry

SCRIPT = "tools/golden/architectures/parameter_roles.py"
ROLES = ("kernel", "bias", "scale", "shift", "embedding", "other")
PRODUCTS = (nn.Linear, nn.modules.conv._ConvNd, nn.RNNBase, nn.MultiheadAttention, Conv1D)
NORMS = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm)


def role_of(module: nn.Module, name: str) -> str:
    bias = "bias" in name
    if isinstance(module, NORMS) or type(module).__name__.endswith("LayerNorm"):
        return "shift" if bias else "scale"
    if isinstance(module, nn.Embedding):
        return "embedding"
    return ("bias" if bias else "kernel") if isinstance(module, PRODUCTS) else "other"


def counts(model: nn.Module, used: set[int] | None, folded: bool) -> dict[str, int]:
    found = dict.fromkeys(ROLES, 0)
    before: nn.Module | None = None
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if used is not None and id(parameter) not in used:
                continue
            role = role_of(module, name)
            if folded and isinstance(module, nn.modules.batchnorm._BatchNorm):
                if role == "scale" or (isinstance(before, nn.modules.conv._ConvNd) and before.bias is not None):
                    continue
                role = "bias"
            found[role] += parameter.numel()
        if not list(module.children()):
            before = module
    return found


def entry_counts(entry: Entry) -> dict[str, int]:
    model = entry.build().eval()
    outputs = model(*(tensor(spec) for spec in entry.inputs.values()))
    sum(y.sum() for y in (outputs if isinstance(outputs, tuple) else (outputs,))).backward()
    used = {id(parameter) for parameter in model.parameters() if parameter.grad is not None}
    file = onnx.load_from_string(gzip.decompress((TARGET / f"{entry.name}.onnx.gz").read_bytes()))
    return counts(model, used, not any(node.op_type == "BatchNormalization" for node in file.graph.node))


def lite0() -> nn.Module:
    from efficientnet_lite_pytorch import EfficientNet

    return EfficientNet.from_name("efficientnet-lite0")


def minilm() -> nn.Module:
    config = BertConfig(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536)
    return BertModel(config, add_pooling_layer=False)


def main() -> None:
    warnings.filterwarnings("ignore")
    torch.manual_seed(1)
    golden = {
        "source": "PyTorch",
        "script": SCRIPT,
        "versions": {name: version(name) for name in (*LIBRARIES, "efficientnet-lite-pytorch")},
        "architectures": {entry.name: entry_counts(entry) for entry in [*ZOO, *ELSEWHERE]},
        "backbones": {"efficientnet-lite0": counts(lite0(), None, False), "minilm-l6": counts(minilm(), None, False)},
    }
    target = TARGET.parent / "parameter-roles.json"
    target.write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{target.name}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
