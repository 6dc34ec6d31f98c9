"""PyTorch's loss at every step of small trainings, for the training step of @graft-ml/trainers.

    pip install -r tools/golden/requirements.txt
    python tools/golden/torch_training.py

The network: conv - norm - relu6, depthwise conv - norm - relu6, pointwise conv - norm, a residual, global average pool, linear.
Weights and batches are recipes (tools/golden/recipe.py). Losses are computed in float64; the script also runs float32, PyTorch's
default, and stops if the two differ by more than a tenth of the tolerance: what is stored is then PyTorch's curve in either.

PyTorch's running variance takes the unbiased variance of a batch, ONNX the population's. The loss in training does not see it; the
final running averages that are stored follow ONNX.
"""

import json
from importlib.metadata import version
from pathlib import Path

import recipe
import torch
import torch.nn.functional as F

SCRIPT = "tools/golden/torch_training.py"
TARGET = Path(__file__).resolve().parents[2] / "packages" / "trainers" / "golden" / "torch-training.json"
BATCH, BATCHES, STEPS, CLASSES, SIZE, CHANNELS = 8, 4, 50, 4, 12, 8
EPSILON, MOMENTUM = 1e-3, 0.9
TOLERANCE = 1e-3

# name: (shape, low, high); the seed is the place in this table, from 1 on
WEIGHTS = {
    "stem.conv.weight": ([CHANNELS, 3, 3, 3], -0.4, 0.4),
    "block.depthwise.weight": ([CHANNELS, 1, 3, 3], -0.6, 0.6),
    "block.pointwise.weight": ([CHANNELS, CHANNELS, 1, 1], -0.7, 0.7),
    **{
        f"{norm}.{part}": ([CHANNELS], low, high)
        for norm in ("stem.norm", "block.depthwise_norm", "block.pointwise_norm")
        for part, low, high in (("scale", 0.5, 2), ("bias", -0.3, 0.8), ("mean", -0.3, 0.3), ("variance", 0.2, 1))
    },
    "head.weight": ([CHANNELS, CLASSES], -0.8, 0.8),
    "head.bias": ([CLASSES], -0.1, 0.1),
}
PICTURES = {"seed": 100, "low": -2, "high": 2}

# rates: multiples of the base rate by prefix of the name; the head is at 1
SGD, ADAMW = {"name": "sgd", "options": {"momentum": 0.9}}, {"name": "adamw", "options": {"weightDecay": 0.01}}
RUNS = [
    {"name": "SGD, batch norm frozen", "optimizer": SGD, "rate": 0.05, "normalization": "frozen", "affine": False},
    {"name": "SGD, scale and bias of frozen batch norm trained", "optimizer": SGD, "rate": 0.05, "normalization": "frozen", "affine": True},
    {"name": "SGD, batch norm live", "optimizer": SGD, "rate": 0.05, "normalization": "live", "affine": True},
    {"name": "AdamW, batch norm frozen", "optimizer": ADAMW, "rate": 0.02, "normalization": "frozen", "affine": False},
    {"name": "AdamW, batch norm live", "optimizer": ADAMW, "rate": 0.02, "normalization": "live", "affine": True},
    {
        "name": "AdamW, clipped, one cycle, slower stem", "optimizer": ADAMW, "rate": 0.03, "normalization": "frozen", "affine": False,
        "clipNorm": 0.5, "schedule": "oneCycle", "rates": {"stem.": 0.1},
    },
    {
        "name": "SGD with Nesterov and decay, three groups", "optimizer": {"name": "sgd", "options": {"momentum": 0.9, "nesterov": True, "weightDecay": 0.01}},
        "rate": 0.05, "normalization": "frozen", "affine": True, "rates": {"stem.": 0.25, "block.": 0.5},
    },
    # The decay of an average, which its first updates stay below.
    {"name": "AdamW, averaged weights", "optimizer": ADAMW, "rate": 0.02, "normalization": "frozen", "affine": False, "ema": 0.8},
    {"name": "SGD, clipped, one cycle, batch norm live", "optimizer": SGD, "rate": 0.2, "normalization": "live", "affine": True, "clipNorm": 1.0, "schedule": "oneCycle"},
]  # fmt: skip


def norm(v: dict, x: torch.Tensor, name: str, run: dict) -> torch.Tensor:
    live = run["normalization"] == "live"
    if live:
        with torch.no_grad():
            for part, batch in (("mean", x.mean((0, 2, 3))), ("variance", x.var((0, 2, 3), unbiased=False))):
                v["running"][f"{name}.{part}"] = v["running"][f"{name}.{part}"] * MOMENTUM + batch * (1 - MOMENTUM)
    mean, variance = v[f"{name}.mean"], v[f"{name}.variance"]
    return F.batch_norm(x, None if live else mean, None if live else variance, v[f"{name}.scale"], v[f"{name}.bias"], live, 0.1, EPSILON)


def forward(v: dict, x: torch.Tensor, run: dict) -> torch.Tensor:
    x = F.conv2d(F.pad(x, (0, 1, 0, 1)), v["stem.conv.weight"], stride=2)
    x = stem = F.relu6(norm(v, x, "stem.norm", run))
    x = F.relu6(norm(v, F.conv2d(x, v["block.depthwise.weight"], padding=1, groups=CHANNELS), "block.depthwise_norm", run))
    x = norm(v, F.conv2d(x, v["block.pointwise.weight"]), "block.pointwise_norm", run) + stem
    return x.mean((2, 3)) @ v["head.weight"] + v["head.bias"]


def batches(dtype: torch.dtype) -> list[tuple[torch.Tensor, torch.Tensor]]:
    made = []
    for k in range(BATCHES):
        pictures = recipe.values([BATCH, 3, SIZE, SIZE], PICTURES["seed"] + k, PICTURES["low"], PICTURES["high"])
        made.append((torch.from_numpy(pictures).to(dtype), torch.tensor([(n + n // 3 + k) % CLASSES for n in range(BATCH)])))
    return made


def held(values: list[torch.Tensor]) -> torch.nn.ParameterList:
    return torch.nn.ParameterList(torch.nn.Parameter(value.detach()) for value in values)


def averaged(values: list[torch.Tensor], decay: float) -> torch.optim.swa_utils.AveragedModel:
    # The first update copies; then the warm-up of TensorFlow's ExponentialMovingAverage, (1 + n) / (10 + n).
    def average(mean: torch.Tensor, value: torch.Tensor, n: torch.Tensor) -> torch.Tensor:
        kept = min(decay, (1 + n.item()) / (10 + n.item()))
        return kept * mean + (1 - kept) * value

    return torch.optim.swa_utils.AveragedModel(held(values), avg_fn=average)


def train(run: dict, dtype: torch.dtype) -> tuple[list[float], dict, int]:
    v: dict = {}
    for seed, (name, (dims, low, high)) in enumerate(WEIGHTS.items(), 1):
        v[name] = torch.from_numpy(recipe.values(dims, seed, low, high)).to(dtype)
    v["running"] = {name: value for name, value in v.items() if name.endswith((".mean", ".variance"))}
    names = [n for n in WEIGHTS if n.startswith("head.") or n.endswith("weight") or (run["affine"] and n.endswith((".scale", ".bias")))]
    decay = run["optimizer"]["options"].get("weightDecay", 0)
    groups = []
    for name in names:
        v[name].requires_grad_(True)
        rate = next((r for prefix, r in run.get("rates", {}).items() if name.startswith(prefix)), 1)
        groups.append({"params": [v[name]], "lr": run["rate"] * rate, "weight_decay": decay if v[name].dim() > 1 else 0})
    options = run["optimizer"]["options"]
    optimizer = torch.optim.SGD(groups, lr=0.1, momentum=options["momentum"], nesterov=options.get("nesterov", False)) if run["optimizer"]["name"] == "sgd" else torch.optim.AdamW(groups)
    schedule = None
    if run.get("schedule") == "oneCycle":
        peaks = [group["lr"] for group in groups]
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, peaks, total_steps=STEPS, cycle_momentum=False)
    averages = averaged([v[name] for name in names], run["ema"]) if "ema" in run else None
    losses, clipped, data = [], 0, batches(dtype)
    for step in range(STEPS):
        pictures, labels = data[step % BATCHES]
        loss = F.cross_entropy(forward(v, pictures, run), labels)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        if "clipNorm" in run:
            clipped += int(torch.nn.utils.clip_grad_norm_([v[name] for name in names], run["clipNorm"]) > run["clipNorm"])
        optimizer.step()
        if schedule is not None:
            schedule.step()
        if averages is not None:
            averages.update_parameters(held([v[name] for name in names]))
    if "clipNorm" in run and clipped == 0:
        raise SystemExit(f"{run['name']}: the limit is never reached")
    if averages is not None:
        v |= dict(zip(names, averages.module))
    finals = {name: v[name].detach() for name in names} | (v["running"] if run["normalization"] == "live" else {})
    return losses, finals, clipped


def main() -> None:
    runs = []
    for run in RUNS:
        losses, finals, clipped = train(run, torch.float64)
        single, _, _ = train(run, torch.float32)
        spread = max(abs(a - b) / abs(a) for a, b in zip(losses, single))
        print(f"{run['name']}: loss {losses[0]:.4f} to {losses[-1]:.4f}, float32 within {spread:.1e}")
        if spread > TOLERANCE / 10:
            raise SystemExit("float32 and float64 differ too much for the tolerance")
        small = {name: recipe.digits(value.numpy()) for name, value in finals.items() if value.numel() <= 64}
        # How many steps were clipped tells a reader which branch the run covers.
        runs.append({**run, **({"clippedSteps": clipped} if "clipNorm" in run else {}), "losses": recipe.digits(losses), "final": small})
    golden = {
        "source": "PyTorch",
        "version": version("torch"),
        "script": SCRIPT,
        "seed": "each weight's place in `weights`, from 1 on; pictures: `pictures.seed` + number of the batch",
        "recipe": recipe.TEXT,
        # A pixel that rounding puts on the other side of a corner of relu6 moves a single weight more than the loss.
        "tolerance": {"loss": TOLERANCE, "final": 10 * TOLERANCE},
        "shape": {"batch": BATCH, "batches": BATCHES, "classes": CLASSES, "size": SIZE, "channels": CHANNELS, "epsilon": EPSILON, "momentum": MOMENTUM},
        "labels": "label of sample n in batch k: (n + floor(n / 3) + k) mod classes; step s uses batch s mod batches",
        "weights": {name: {"dims": dims, "low": low, "high": high} for name, (dims, low, high) in WEIGHTS.items()},
        "pictures": PICTURES,
        "runs": runs,
    }
    TARGET.write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
