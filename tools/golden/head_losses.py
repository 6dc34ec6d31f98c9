"""PyTorch's cross-entropy with label smoothing and class weights, for the heads of @graft-ml/heads.

    pip install -r tools/golden/requirements.txt
    python tools/golden/head_losses.py

Loss of the batch and its gradient by the logits, in float64.
"""

import json
from importlib.metadata import version
from pathlib import Path

import recipe
import torch
import torch.nn.functional as F

SCRIPT = "tools/golden/head_losses.py"
TARGET = Path(__file__).resolve().parents[2] / "packages" / "heads" / "golden" / "losses.json"
BATCH, CLASSES, SEED = 6, 4, 5
LABELS = [0, 2, 1, 3, 2, 2]
WEIGHTS = [0.5, 2.0, 0.8, 1.5]


def main() -> None:
    cases = []
    for smoothing in (0.0, 0.1, 0.4):
        for weights in (None, WEIGHTS):
            logits = torch.from_numpy(recipe.values([BATCH, CLASSES], SEED, -3, 3)).double().requires_grad_(True)
            weight = None if weights is None else torch.tensor(weights, dtype=torch.float64)
            loss = F.cross_entropy(logits, torch.tensor(LABELS), weight=weight, label_smoothing=smoothing)
            loss.backward()
            cases.append({"smoothing": smoothing, "weights": weights, "loss": recipe.digits(loss.item())[0], "gradient": recipe.digits(logits.grad.numpy())})
    golden = {
        "source": "PyTorch",
        "version": version("torch"),
        "script": SCRIPT,
        "seed": SEED,
        "recipe": recipe.TEXT,
        "tolerance": 1e-6,
        "logits": {"dims": [BATCH, CLASSES], "seed": SEED, "low": -3, "high": 3},
        "labels": LABELS,
        "cases": cases,
    }
    TARGET.write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes, {len(cases)} cases")


if __name__ == "__main__":
    main()
