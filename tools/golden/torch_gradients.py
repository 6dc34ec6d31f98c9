"""PyTorch's outputs and gradients for the operators of @graft-ml/graph.

    pip install -r tools/golden/requirements.txt
    python tools/golden/torch_gradients.py

Each case is a small ONNX graph, written down as nodes, beside the same function in PyTorch. The loss is Σ y · w with weights w
by recipe, so that every output counts on its own. Inputs are float32 numbers by recipe (tools/golden/recipe.py); PyTorch
computes in float64 from them, so that the expected values carry no rounding of their own.
Of a tensor with more than 240 elements every n-th is kept.

Live batch normalisation: ONNX updates the running variance with the population variance, PyTorch with the unbiased one.
What is stored follows ONNX; the script checks that PyTorch's own update is the same after the factor n / (n - 1).
"""

import json
import math
from importlib.metadata import version
from pathlib import Path

import numpy as np
import recipe
import torch
import torch.nn.functional as F
from torch_cases import CASES, LIVE

SCRIPT = "tools/golden/torch_gradients.py"
GOLDEN = Path(__file__).resolve().parents[2] / "packages" / "runtime" / "golden"
KEPT, LOSS_SEED = 240, 900


def tensor_of(spec: dict) -> torch.Tensor:
    if "values" in spec:
        return torch.tensor(spec["values"], dtype=torch.float64 if spec["dtype"] == "float32" else torch.int64).reshape(spec["dims"])
    array = recipe.values(spec["dims"], spec["seed"], spec["low"], spec["high"], spec.get("step"))
    return torch.from_numpy(array).double()


def stored(tensor: torch.Tensor) -> dict:
    flat = tensor.detach().numpy().ravel()
    every = math.ceil(flat.size / KEPT)
    # Not a divisor of the size, so that all rows and columns are visited.
    while every > 1 and flat.size % every == 0:
        every += 1
    return {"dims": list(tensor.shape), "every": every, "values": recipe.digits(flat[::every])}


def run(tensors: dict, function) -> dict:
    inputs = {name: tensor_of(spec) for name, spec in tensors.items()}
    variables = [name for name, spec in tensors.items() if spec["role"] == "variable"]
    for name in variables:
        inputs[name].requires_grad_(True)
    y = function(inputs)
    weights = recipe.values(list(y.shape), LOSS_SEED, 0.5, 1.5)
    (y * torch.from_numpy(weights).double()).sum().backward()
    return {"y": stored(y), "gradients": {name: stored(inputs[name].grad) for name in variables}}


def live(case: dict) -> dict:
    """Batch normalisation with the batch's statistics, and the running averages after it."""
    averages = {name: tensor_of(case["tensors"][name]) for name in ("mean", "variance")}
    updated = {}

    def function(v: dict) -> torch.Tensor:
        axes = [i for i in range(v["x"].dim()) if i != 1]
        theirs = {name: value.clone() for name, value in averages.items()}
        momentum = 1 - case["momentum"]
        y = F.batch_norm(v["x"], theirs["mean"], theirs["variance"], v["scale"], v["bias"], True, momentum, case["epsilon"])
        count = v["x"].numel() / v["x"].shape[1]
        batch = (theirs["variance"] - averages["variance"] * (1 - momentum)) / momentum * ((count - 1) / count)
        population = v["x"].var(axes, unbiased=False)
        assert torch.allclose(batch, population.detach(), rtol=1e-9)
        updated["mean"] = theirs["mean"]
        updated["variance"] = averages["variance"] * (1 - momentum) + momentum * population
        return y

    expected = run(case["tensors"], function)
    return {**expected, "updates": {name: stored(value) for name, value in updated.items()}}


def write(script: str, name: str, cases: list[dict], before: dict | None = None, tolerance: dict | None = None, after: dict | None = None) -> None:
    """Runs the cases and writes them with what made them to packages/runtime/golden/; `before` and `after` are further entries."""
    torch.manual_seed(0)
    done = []
    for case in cases:
        function = case.pop("function")
        done.append({**case, "expected": run(case["tensors"], function)})
    golden = {
        "source": "PyTorch",
        "version": version("torch"),
        "script": script,
        "seed": "in each tensor's recipe",
        "recipe": recipe.TEXT,
        "loss": {"seed": LOSS_SEED, "low": 0.5, "high": 1.5},
        **(before or {}),
        "tolerance": tolerance or {"relative": 1e-5, "engines": 2e-5},
        "cases": done,
        **(after or {}),
    }
    target = GOLDEN / name
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    every = done + golden.get("live", [])
    finite = all(np.isfinite(part["values"]).all() for c in every for part in [c["expected"]["y"], *c["expected"]["gradients"].values()])
    print(f"{name}: {target.stat().st_size} bytes, {len(every)} cases; all finite: {finite}")


def main() -> None:
    write(SCRIPT, "torch-gradients.json", CASES, after={"live": [{**case, "expected": live(case)} for case in LIVE]})


if __name__ == "__main__":
    main()
