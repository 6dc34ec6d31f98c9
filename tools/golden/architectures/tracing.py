"""Which parameter of PyTorch an initializer of an exported file is.

Every element of every parameter is made different from every other, and an initializer's elements are looked up by value: its gradient
is that of the elements it is made of. Equal parameters that an exporter keeps once have the sum of their gradients. Batch
normalisation that an exporter has folded into the convolution before it is recognised by computing the folded values.
"""

from __future__ import annotations

import numpy as np
import torch
from lookup import by_value, constant, distinct
from torch import nn


def prepare(model: nn.Module, inputs: tuple, seed: int, spread: bool) -> None:
    """Gives every element its own value; where told, norms, biases and running statistics become those of a trained network."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if spread and parameter.numel() > 1 and constant(parameter.numpy()):
                parameter.add_((torch.rand(parameter.shape, generator=g) - 0.5) * (0.8 if parameter.dim() == 1 else 1.2))
        norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
        usual = [m.momentum for m in norms]
        for norm in norms:
            norm.momentum = 1.0
        if norms:
            model.train()(*inputs)
        for norm, momentum in zip(norms, usual):
            norm.momentum = momentum
            norm.running_mean.add_((torch.rand(norm.running_mean.shape, generator=g) - 0.5) * norm.running_var.sqrt() * 0.4)
            norm.running_var.mul_(0.7 + 0.6 * torch.rand(norm.running_var.shape, generator=g)).clamp_(min=0.05)
        model.eval()
        distinct([parameter.numpy() for parameter in model.parameters()])


def merged(initializers: dict[str, np.ndarray], single: nn.Module, double: nn.Module) -> tuple[dict[str, np.ndarray], set[str]]:
    """Gradients by initializers of one repeated number, which the exporter keeps once for all parameters that are equal."""
    groups: dict[tuple, list[str]] = {}
    for name, parameter in single.named_parameters():
        array = parameter.detach().numpy()
        if array.size > 1 and constant(array):
            groups.setdefault((array.shape, float(array.flat[0])), []).append(name)
    twins = dict(double.named_parameters())
    found: dict[str, np.ndarray] = {}
    for (shape, value), names in groups.items():
        kept = [name for name, data in initializers.items() if data.shape == shape and (data == value).all()]
        if len(kept) == 1:
            found[kept[0]] = sum(twins[name].grad.numpy() for name in names)
        elif set(kept) == set(names):
            found |= {name: twins[name].grad.numpy() for name in names}
        else:
            raise SystemExit(f"parameters {names} became {kept}")
    return found, {name for names in groups.values() for name in names}


def gradients(initializers: dict[str, np.ndarray], single: nn.Module, double: nn.Module) -> tuple[dict[str, np.ndarray], list[str]]:
    """Gradient by every initializer that is made of parameters; `double` holds them. Second: parameters that no initializer shows."""
    found, equal = merged(initializers, single, double)
    twins = dict(double.named_parameters())
    parameters = {
        name: (parameter.detach().numpy(), twins[name].grad.numpy())
        for name, parameter in single.named_parameters()
        if name not in equal and twins[name].grad is not None
    }
    rest = {name: data for name, data in initializers.items() if name not in found}
    looked_up, seen = by_value(rest, parameters)
    found |= looked_up
    covered = unfold({name: data for name, data in rest.items() if name not in found and data.ndim > 0}, single, double, found)
    hidden = [
        name
        for name, (_, slope) in parameters.items()
        if name not in covered and any((name, i) not in seen for i in np.flatnonzero(slope))
    ]
    return found, hidden


def unfold(candidates: dict[str, np.ndarray], single: nn.Module, double: nn.Module, found: dict[str, np.ndarray]) -> set[str]:
    """Adds gradients by convolutions with batch normalisation folded in; names the parameters seen that way."""
    modules, twins = dict(single.named_modules()), dict(double.named_modules())
    convs = [name for name, module in modules.items() if isinstance(module, nn.Conv2d)]
    covered: set[str] = set()
    for norm_name, norm in modules.items():
        if not isinstance(norm, nn.BatchNorm2d):
            continue
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        for conv_name in convs:
            conv = modules[conv_name]
            if conv.out_channels != norm.num_features:
                continue
            weight = (conv.weight * scale.reshape(-1, 1, 1, 1)).detach().numpy()
            own = torch.zeros_like(norm.bias) if conv.bias is None else conv.bias
            bias = (norm.bias + (own - norm.running_mean) * scale).detach().numpy()
            for name, data in candidates.items():
                if data.shape == weight.shape and np.allclose(data, weight, rtol=1e-4, atol=1e-6):
                    s = scale.detach().double().numpy().reshape(-1, 1, 1, 1)
                    found[name] = twins[conv_name].weight.grad.numpy() / s
                    covered.update(f"{conv_name}.{part}" for part in ("weight", "bias"))
                elif data.shape == bias.shape and np.allclose(data, bias, rtol=1e-4, atol=1e-6):
                    found[name] = twins[norm_name].bias.grad.numpy()
                    covered.update(f"{norm_name}.{part}" for part in ("weight", "bias"))
    return covered
