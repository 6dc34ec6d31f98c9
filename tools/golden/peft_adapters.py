"""Small trainable parts of PEFT, and Houlsby's, in the small architectures: outputs, parameter counts, losses while they alone train.

    pip install -r tools/golden/requirements-peft.txt
    python tools/golden/peft_adapters.py

The base models are those of tools/golden/architectures (same seeds, so the committed ONNX files hold them). Every adapter's matrices get
values by recipe, in the order of the model's modules; then come the outputs, and 20 steps of plain gradient descent in float64.
"""

from __future__ import annotations

import copy
import json
import re
import sys
import warnings
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "architectures"), str(HERE)]

import numpy as np  # noqa: E402
import recipe  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from export import attempt  # noqa: E402
from peft import IA3Config, LoraConfig, inject_adapter_in_model  # noqa: E402
from storing import TARGET, stored  # noqa: E402
from training import tensor  # noqa: E402
from zoo import NAMED  # noqa: E402

SCRIPT = "tools/golden/peft_adapters.py"
OUT = HERE.parents[1] / "packages" / "graft-ml" / "golden" / "peft-adapters.json"
LIBRARIES = ("torch", "peft", "transformers", "torchvision", "numpy")
STEPS, SEED = 20, 500
# Relative, of losses; of outputs relative to the largest.
TOLERANCE, OUTPUTS = 1e-3, 1e-5
# Values of low-rank matrices, and of factors around one.
RANGES = {"lora": {"low": -0.3, "high": 0.3}, "ia3": {"low": 0.5, "high": 1.5}, "bottleneck-adapter": {"low": -0.5, "high": 0.5}}
MARKS = {"lora": "lora_", "ia3": "ia3_", "bottleneck-adapter": ".adapter_"}
FFN = r".*layer\.\d+\.output\.dense"


class Bottleneck(torch.nn.Module):
    """A layer, and behind it x + up(gelu(down(x))); PEFT has no such adapter."""

    def __init__(self, layer: torch.nn.Linear, size: int) -> None:
        super().__init__()
        self.layer = layer
        self.adapter_down, self.adapter_up = torch.nn.Linear(layer.out_features, size), torch.nn.Linear(size, layer.out_features)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.layer(x)
        return y + self.adapter_up(F.gelu(self.adapter_down(y)))


@dataclass(frozen=True)
class Houlsby:
    """Where bottlenecks go: names of the layers whose outputs are summed with what went around them."""

    size: int
    behind: str


def insert(config: object, model: torch.nn.Module) -> torch.nn.Module:
    if not isinstance(config, Houlsby):
        return inject_adapter_in_model(config, model)
    for name in [name for name, _ in model.named_modules() if re.fullmatch(config.behind, name)]:
        parent, _, own = name.rpartition(".")
        module = model.get_submodule(parent)
        setattr(module, own, Bottleneck(getattr(module, own), config.size))
    return model


@dataclass(frozen=True)
class Case:
    name: str
    architecture: str
    adapter: str
    # What Graft is told, and what PEFT is told.
    options: dict
    config: object
    rate: float


CASES = [
    Case(
        "attention of BERT", "bert", "lora", {"r": 4, "alpha": 8},
        LoraConfig(r=4, lora_alpha=8, target_modules=["query", "value"]), 0.1,
    ),
    Case(
        "every kernel of BERT, rank-stabilised", "bert", "lora", {"r": 3, "alpha": 2, "rslora": True, "targets": "*"},
        LoraConfig(r=3, lora_alpha=2, use_rslora=True, target_modules=["query", "key", "value", "dense", "classifier"]), 0.02,
    ),
    Case(
        "merged projections of GPT-2", "gpt2", "lora", {"r": 4, "alpha": 4, "targets": "*c_attn*"},
        LoraConfig(r=4, lora_alpha=4, target_modules=["c_attn"], fan_in_fan_out=True), 0.2,
    ),
    Case(
        "convolutions of ResNet", "resnet18", "lora", {"r": 2, "alpha": 2, "targets": "*layer2*conv*,*layer3*conv*"},
        LoraConfig(r=2, lora_alpha=2, target_modules=r".*layer[23].*conv\d"), 0.002,
    ),
    Case(
        "keys, values and feed-forward of BERT", "bert", "ia3", {},
        IA3Config(target_modules=rf".*(key|value)|{FFN}", feedforward_modules=FFN), 0.02,
    ),
    Case(
        "channels of ResNet", "resnet18", "ia3", {"targets": "*layer3*conv*"},
        IA3Config(target_modules=r".*layer3.*conv\d", feedforward_modules=[]), 0.005,
    ),
    Case(
        "bottlenecks of BERT", "bert", "bottleneck-adapter", {"size": 3},
        Houlsby(3, r".*layer\.\d+\.(attention\.)?output\.dense"), 0.05,
    ),
]  # fmt: skip


def fill(model: torch.nn.Module, adapter: str) -> list[tuple[str, torch.nn.Parameter]]:
    """Gives the adapters' parameters values by recipe; every parameter takes the next seed."""
    found = [(name, p) for name, p in model.named_parameters() if MARKS[adapter] in name]
    for i, (_, parameter) in enumerate(found):
        values = recipe.values(list(parameter.shape), SEED + i, **RANGES[adapter])
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(values))
    return found


def run(model: torch.nn.Module, fed: list[torch.Tensor], dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return model(*(x.to(dtype) if x.is_floating_point() else x for x in fed))


def losses(model: torch.nn.Module, names: set[str], training: dict, rate: float, dtype: torch.dtype) -> list[float]:
    twin = copy.deepcopy(model).to(dtype)
    for name, parameter in twin.named_parameters():
        parameter.requires_grad_(name in names)
    optimizer = torch.optim.SGD([p for p in twin.parameters() if p.requires_grad], lr=rate)
    found = []
    for step in range(STEPS):
        batch = training["batches"][step % len(training["batches"])]
        logits = run(twin, [tensor(spec) for spec in batch["inputs"].values()], dtype)
        loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), torch.tensor(batch["labels"]))
        found.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return found


def make(case: Case) -> dict:
    golden = json.loads((TARGET / f"{case.architecture}.json").read_text(encoding="utf-8"))
    model, inputs, *_ = attempt(NAMED[case.architecture], golden["seed"])
    model = model.double().eval()
    base = stored(run(model, list(inputs)).detach().numpy(), 40)
    (expected,) = golden["outputs"].values()
    if not np.allclose(base["values"], expected["values"], atol=1e-4):
        raise SystemExit(f"{case.architecture}: this is not the model of the committed file")
    model = insert(case.config, model).double().eval()
    parameters = fill(model, case.adapter)
    names = {name for name, _ in parameters}
    curve, single = (losses(model, names, golden["training"], case.rate, dtype) for dtype in (torch.float64, torch.float32))
    spread = max(abs(a - b) / a for a, b in zip(curve, single))
    count = sum(p.numel() for _, p in parameters)
    print(f"{case.name}: {count} parameters, loss {curve[0]:.4f} to {curve[-1]:.4f}, float32 within {spread:.1e}", flush=True)
    if spread > TOLERANCE / 5:
        raise SystemExit(f"{case.name}: rounding moves the losses too much for the tolerance; lower the rate")
    if sum(curve[-4:]) > 0.97 * sum(curve[:4]):
        raise SystemExit(f"{case.name} learns too little to show anything")
    return {
        "name": case.name,
        "architecture": case.architecture,
        "adapter": case.adapter,
        "options": case.options,
        "values": {"seed": SEED, **RANGES[case.adapter]},
        "shapes": [[name, list(p.shape)] for name, p in parameters],
        "parameters": count,
        "output": stored(run(model, list(inputs)).detach().numpy(), 40),
        "rate": case.rate,
        "losses": recipe.digits(curve),
    }


def main() -> None:
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    golden = {
        "script": SCRIPT,
        "versions": {name: version(name) for name in LIBRARIES},
        "recipe": recipe.TEXT,
        "seed": SEED,
        "tolerance": {"losses": TOLERANCE, "outputs": OUTPUTS},
        "cases": [make(case) for case in CASES],
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
