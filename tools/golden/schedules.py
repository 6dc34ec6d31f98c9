"""PyTorch's and transformers' learning rates at every step, for the schedules of @graft-ml/trainers.

    pip install torch==2.13.0 transformers==5.24.0
    python tools/golden/schedules.py

The slanted triangle is eq. 3 of Howard and Ruder (ACL 2018), written down here as it is there; its runs are whole numbers of rises.
"""

import json
import math
from importlib.metadata import version
from pathlib import Path

import torch
import transformers
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, OneCycleLR

SCRIPT = "tools/golden/schedules.py"
TARGET = Path(__file__).resolve().parents[2] / "packages" / "trainers" / "golden" / "schedules.json"


def slanted(steps: int, cut_frac: float, ratio: float):
    def rate(t: int) -> float:
        cut = math.floor(steps * cut_frac)
        p = t / cut if t < cut else 1 - (t - cut) / (cut * (1 / cut_frac - 1))
        return (1 + p * (ratio - 1)) / ratio

    return rate


def warmup(steps: int, share: float) -> int:
    return math.ceil(steps * share)


SCHEDULES = {
    "PyTorch OneCycleLR": ("oneCycle", {}, [7, 40], lambda o, n: OneCycleLR(o, 1.0, total_steps=n, cycle_momentum=False)),
    "PyTorch CosineAnnealingLR": ("cosine", {}, [1, 7, 40], lambda o, n: CosineAnnealingLR(o, n)),
    "PyTorch CosineAnnealingLR, eta_min": ("cosine", {"end": 0.05}, [7, 40], lambda o, n: CosineAnnealingLR(o, n, eta_min=0.05)),
    "transformers cosine with warm-up": (
        "cosine", {"warmup": 0.25}, [1, 7, 40],
        lambda o, n: transformers.get_cosine_schedule_with_warmup(o, warmup(n, 0.25), n),
    ),
    "transformers cosine with warm-up, lowest rate": (
        "cosine", {"warmup": 0.1, "end": 0.02}, [7, 40],
        lambda o, n: transformers.get_cosine_with_min_lr_schedule_with_warmup(o, warmup(n, 0.1), n, min_lr_rate=0.02),
    ),
    "transformers linear with warm-up": (
        "linearWarmup", {}, [1, 7, 40], lambda o, n: transformers.get_linear_schedule_with_warmup(o, warmup(n, 0.1), n),
    ),
    "transformers linear without warm-up": (
        "linearWarmup", {"warmup": 0}, [1, 7], lambda o, n: transformers.get_linear_schedule_with_warmup(o, 0, n),
    ),
    "ULMFiT": ("slantedTriangular", {}, [10, 40], lambda o, n: LambdaLR(o, slanted(n, 0.1, 32))),
    "ULMFiT, other cut and ratio": ("slantedTriangular", {"cut": 0.25, "ratio": 8}, [8, 40], lambda o, n: LambdaLR(o, slanted(n, 0.25, 8))),
}  # fmt: skip


def rates(make, steps: int) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = make(optimizer, steps)
    found = []
    for _ in range(steps):
        found.append(float(f"{optimizer.param_groups[0]['lr']:.12g}"))
        optimizer.step()
        schedule.step() if len(found) < steps else None
    return found


def main() -> None:
    cases = [
        {"name": f"{name}, {steps} steps", "schedule": schedule, "options": options, "rates": rates(make, steps)}
        for name, (schedule, options, counts, make) in SCHEDULES.items()
        for steps in counts
    ]
    golden = {
        "source": "PyTorch, transformers, Howard and Ruder (2018) eq. 3",
        "version": {name: version(name) for name in ("torch", "transformers")},
        "script": SCRIPT,
        "seed": "none: nothing is drawn",
        "tolerance": 1e-9,
        "cases": cases,
    }
    TARGET.write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes, {len(cases)} cases")


if __name__ == "__main__":
    main()
