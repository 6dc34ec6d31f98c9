"""PyTorch's losses of trainings on mixtures: mixup and CutMix, for the training step of @graft-ml/trainers.

    pip install -r tools/golden/requirements.txt
    python tools/golden/torch_mixing.py

The network: conv - relu - global average pool - linear. Weights and batches are recipes (tools/golden/recipe.py); partners, shares and the
rectangles' places are drawn here and stored. Each loop is the papers': mixup's `lam * criterion(out, y_a) + (1 - lam) * criterion(out, y_b)`,
and CutMix's `rand_bbox` with lam corrected by the area that is left. With class weights each cross-entropy is weighed by sample, and the
sum divided by the sum of the weights.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import recipe
import torch
import torch.nn.functional as F

SCRIPT = "tools/golden/torch_mixing.py"
TARGET = Path(__file__).resolve().parents[2] / "packages" / "trainers" / "golden" / "torch-mixing.json"
BATCH, BATCHES, STEPS, CLASSES, SIZE, CHANNELS, SEED = 6, 3, 20, 3, 8, 5, 0
WEIGHTS = {
    "conv.weight": ([CHANNELS, 3, 3, 3], -0.4, 0.4),
    "head.weight": ([CHANNELS, CLASSES], -0.8, 0.8),
    "head.bias": ([CLASSES], -0.1, 0.1),
}
PICTURES = {"seed": 100, "low": -2, "high": 2}
RUNS = [
    {"name": "mixup, SGD", "mixing": "mixup", "alpha": 0.4, "optimizer": {"name": "sgd", "options": {"momentum": 0.9}}, "rate": 0.1},
    {"name": "cutmix, AdamW", "mixing": "cutmix", "alpha": 1.0, "optimizer": {"name": "adamw", "options": {"weightDecay": 0.01}}, "rate": 0.02},
    {"name": "mixup with class weights", "mixing": "mixup", "alpha": 1.0, "optimizer": {"name": "sgd", "options": {"momentum": 0}}, "rate": 0.1, "classWeights": [0.5, 1, 3]},
]


def rand_bbox(width: int, height: int, lam: float, cx: int, cy: int) -> tuple[int, int, int, int]:
    cut_rat = np.sqrt(1.0 - lam)
    cut_w, cut_h = int(width * cut_rat), int(height * cut_rat)
    return (
        int(np.clip(cx - cut_w // 2, 0, width)),
        int(np.clip(cy - cut_h // 2, 0, height)),
        int(np.clip(cx + cut_w // 2, 0, width)),
        int(np.clip(cy + cut_h // 2, 0, height)),
    )


def run(spec: dict) -> dict:
    rng = np.random.default_rng(SEED)
    v = {name: torch.from_numpy(recipe.values(shape, i + 1, low, high)).double().requires_grad_() for i, (name, (shape, low, high)) in enumerate(WEIGHTS.items())}
    options = spec["optimizer"]["options"]
    if spec["optimizer"]["name"] == "sgd":
        optimizer = torch.optim.SGD(v.values(), lr=spec["rate"], momentum=options["momentum"])
    else:
        matrices = [value for value in v.values() if value.ndim > 1]
        vectors = [value for value in v.values() if value.ndim <= 1]
        groups = [{"params": matrices, "weight_decay": options["weightDecay"]}, {"params": vectors, "weight_decay": 0}]
        optimizer = torch.optim.AdamW(groups, lr=spec["rate"])
    weight = torch.tensor(spec["classWeights"]).double() if "classWeights" in spec else torch.ones(CLASSES).double()
    steps = []
    for step in range(STEPS):
        k = step % BATCHES
        x = torch.from_numpy(recipe.values([BATCH, 3, SIZE, SIZE], PICTURES["seed"] + k, PICTURES["low"], PICTURES["high"])).double()
        y = torch.tensor([(n + n // 3 + k) % CLASSES for n in range(BATCH)])
        partners = rng.permutation(BATCH)
        lam = float(rng.beta(spec["alpha"], spec["alpha"]))
        drawn = {"partners": partners.tolist(), "share": lam}
        if spec["mixing"] == "mixup":
            x = lam * x + (1 - lam) * x[partners]
        else:
            place = [int(rng.integers(SIZE)), int(rng.integers(SIZE))]
            left, top, right, bottom = rand_bbox(SIZE, SIZE, lam, *place)
            mixed = x.clone()
            mixed[:, :, top:bottom, left:right] = x[partners][:, :, top:bottom, left:right]
            x = mixed
            drawn = {**drawn, "place": place}
            lam = 1 - (right - left) * (bottom - top) / (SIZE * SIZE)
        features = F.relu(F.conv2d(x, v["conv.weight"], padding=1)).mean((2, 3))
        out = features @ v["head.weight"] + v["head.bias"]
        own, other = (F.cross_entropy(out, targets, weight=weight, reduction="none") for targets in (y, y[partners]))
        total = lam * weight[y] + (1 - lam) * weight[y[partners]]
        loss = (lam * own + (1 - lam) * other).sum() / total.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        steps.append({**drawn, "loss": loss.item()})
    return {**spec, "steps": steps}


def main() -> None:
    golden = {
        "source": "PyTorch in float64",
        "versions": {name: version(name) for name in ("torch", "numpy")},
        "script": SCRIPT,
        "seed": SEED,
        "tolerance": 2e-5,
        "shape": {"batch": BATCH, "batches": BATCHES, "classes": CLASSES, "size": SIZE, "channels": CHANNELS},
        "weights": {name: {"dims": shape, "low": low, "high": high} for name, (shape, low, high) in WEIGHTS.items()},
        "pictures": PICTURES,
        "runs": [run(spec) for spec in RUNS],
    }
    TARGET.write_text(json.dumps(golden, indent=1) + "\n")
    print(f"{len(golden['runs'])} runs, {TARGET.stat().st_size} bytes", [run["steps"][-1]["loss"] for run in golden["runs"]])


if __name__ == "__main__":
    main()
