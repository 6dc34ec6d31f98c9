"""PyTorch's outputs and gradients of the ways to make one row of a text's hidden states.

    pip install -r tools/golden/requirements.txt
    python tools/golden/text_poolings.py

Hidden states [texts, tokens, width] and weights of the loss Σ y · w are numbers by recipe (tools/golden/recipe.py). Texts are padded on
the right, the last one on the left, as some tokenizers do. Computed in float64 as users of PyTorch write it: `mean` divides by the
number of tokens, `max` fills padding with -inf, `cls` and `last` index.
"""

import json
from importlib.metadata import version
from pathlib import Path

import recipe
import torch

SCRIPT = "tools/golden/text_poolings.py"
TARGET = Path(__file__).resolve().parents[2] / "packages" / "backbones" / "golden" / "text-poolings.json"
DIMS = [4, 6, 5]
HIDDEN = {"seed": 31, "low": -2.0, "high": 2.0}
LOSS = {"seed": 32, "low": 0.5, "high": 1.5}
MASK = [[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0], [0, 0, 1, 1, 1, 1]]


def mean(hidden, mask):
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1e-9)


def largest(hidden, mask):
    return hidden.masked_fill(mask.unsqueeze(-1) == 0, float("-inf")).max(dim=1).values


def cls(hidden, mask):
    return hidden[:, 0]


def last(hidden, mask):
    places = torch.arange(mask.shape[1]) * mask
    return hidden[torch.arange(len(hidden)), places.max(dim=1).values]


def main() -> None:
    mask = torch.tensor(MASK)
    cases = {}
    for name, pool in {"mean": mean, "max": largest, "cls": cls, "last": last}.items():
        hidden = torch.from_numpy(recipe.values(DIMS, **HIDDEN)).double().requires_grad_(True)
        y = pool(hidden, mask)
        weights = torch.from_numpy(recipe.values(list(y.shape), **LOSS)).double()
        (y * weights).sum().backward()
        cases[name] = {"y": recipe.digits(y.detach().numpy()), "gradient": recipe.digits(hidden.grad.numpy())}
    golden = {
        "script": SCRIPT,
        "versions": {name: version(name) for name in ("torch", "numpy")},
        "recipe": recipe.TEXT,
        "dims": DIMS,
        "hidden": HIDDEN,
        "loss": LOSS,
        "mask": MASK,
        "cases": cases,
    }
    TARGET.write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
