"""PyTorch's outputs and gradients for pooling, normalisation, transposed and one-dimensional convolutions.

    pip install -r tools/golden/requirements.txt
    python tools/golden/torch_nn_gradients.py

Made as tools/golden/torch_gradients.py makes its file: float32 inputs by recipe, PyTorch in float64. Of a tensor with more
than 48 elements every n-th is kept.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import recipe
import torch_gradients
from torch_gradients import LOSS_SEED, run

SCRIPT = "tools/golden/torch_nn_gradients.py"
KEPT = 48
TARGET = Path(__file__).resolve().parents[2] / "packages" / "runtime" / "golden" / "torch-nn-gradients.json"


def main() -> None:
    from torch_nn_cases import CASES

    torch_gradients.KEPT = KEPT

    cases = []
    for case in CASES:
        function = case.pop("function")
        cases.append({**case, "expected": run(case["tensors"], function)})
    golden = {
        "source": "PyTorch",
        "version": version("torch"),
        "script": SCRIPT,
        "seed": "in each tensor's recipe",
        "recipe": recipe.TEXT,
        "loss": {"seed": LOSS_SEED, "low": 0.5, "high": 1.5},
        "tolerance": {"relative": 1e-5, "engines": 2e-5},
        "cases": cases,
    }
    TARGET.write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    finite = all(np.isfinite(part["values"]).all() for c in cases for part in [c["expected"]["y"], *c["expected"]["gradients"].values()])
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes, {len(cases)} cases; all finite: {finite}")


if __name__ == "__main__":
    main()
