"""Imports torchvision and transformers beside a CPU build of PyTorch."""

import torch

try:
    import torchvision
except RuntimeError:
    # The wheel that package registries hold is built for CUDA and can't load its operators beside a CPU build of PyTorch; Python code asks
    # for these two at import. None of the models here uses them.
    _operators = torch.library.Library("torchvision", "DEF")
    for _name in ("nms", "qnms"):
        _operators.define(f"{_name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import sys

    for _module in [name for name in sys.modules if name.startswith("torchvision")]:
        del sys.modules[_module]
    import torchvision  # noqa: F401

import transformers  # noqa: E402, F401
