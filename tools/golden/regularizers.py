"""Losses and gradients of the regularisers of @graft-ml/trainers, by PyTorch's autograd and torch.linalg.svd in float64.

    pip install -r tools/golden/requirements.txt
    python tools/golden/regularizers.py

The network: 1 x 1 convolution, relu, global average pool, linear; softmax cross-entropy. Values are recipes (tools/golden/recipe.py).
The last sample has weight 0, as a batch that is filled up has it. Formulas are those of the papers, as tllib writes them down where it
has them: tllib.regularization.delta (behavioural, attention), bss, co_tuning.
"""

import json
from importlib.metadata import version
from pathlib import Path

import recipe
import torch
import torch.nn.functional as F

SCRIPT = "tools/golden/regularizers.py"
TARGET = Path(__file__).resolve().parents[2] / "packages" / "trainers" / "golden" / "regularizers.json"
CHANNELS, CLASSES, SOURCE, SIZE, TEACHER = 6, 3, 5, 4, 4
# name: (shape, seed, low, high)
VALUES = {
    "conv.weight": ([CHANNELS, 3, 1, 1], 1, -0.8, 0.8),
    "head.weight": ([CHANNELS, CLASSES], 2, -0.8, 0.8),
    "head.bias": ([CLASSES], 3, -0.1, 0.1),
    "pretrained conv.weight": ([CHANNELS, 3, 1, 1], 4, -0.8, 0.8),
    "classifier.weight": ([CHANNELS, SOURCE], 5, -0.8, 0.8),
    "classifier.bias": ([SOURCE], 6, -0.3, 0.3),
    "map": ([CHANNELS, TEACHER], 7, -0.8, 0.8),
    "shift": ([TEACHER], 8, -0.3, 0.3),
}
RELATIONSHIP = [[0.5, 0.2, 0.1, 0.1, 0.1], [0.05, 0.05, 0.8, 0.05, 0.05], [0.0, 0.3, 0.0, 0.3, 0.4]]
ATTENTION = [0.05, 0.1, 0.15, 0.2, 0.2, 0.3]


def value(name: str) -> torch.Tensor:
    dims, seed, low, high = VALUES[name]
    return torch.from_numpy(recipe.values(dims, seed, low, high)).double()


def pictures(batch: int) -> torch.Tensor:
    return torch.from_numpy(recipe.values([batch, 3, SIZE, SIZE], 50, -1, 1)).double()


def given(name: str, batch: int, width: int, seed: int) -> torch.Tensor:
    return torch.from_numpy(recipe.values([batch, width], seed, -2, 2)).double()


def mean(each: torch.Tensor) -> torch.Tensor:
    return each[:-1].mean()


def l2_sp(v: dict, n: dict) -> torch.Tensor:
    pretrained = ((v["conv.weight"] - value("pretrained conv.weight")) ** 2).sum()
    return 0.1 / 2 * pretrained + 0.01 / 2 * ((v["head.weight"] ** 2).sum() + (v["head.bias"] ** 2).sum())


def delta(v: dict, n: dict, attention: list[float] | None) -> torch.Tensor:
    before = F.relu(F.conv2d(n["x"], value("pretrained conv.weight")))
    distance = ((n["map"] - before) ** 2).flatten(2).mean(2)
    weights = torch.full([CHANNELS], 1.0) if attention is None else torch.tensor(attention).double() * CHANNELS
    return 0.01 * mean((distance * weights).sum(1))


def bss(v: dict, n: dict, k: int) -> torch.Tensor:
    # With strength 1: at the paper's 0.001 nothing would be seen of it beside the loss.
    singular = torch.linalg.svdvals(n["features"][:-1])
    return (singular[-k:] ** 2).sum()


def co_tuning(v: dict, n: dict) -> torch.Tensor:
    likely = torch.tensor(RELATIONSHIP).double()[n["labels"]]
    logits = n["features"] @ v["classifier.weight"] + v["classifier.bias"]
    return 2.3 * mean(-(likely * F.log_softmax(logits, 1)).sum(1))


def distill_logits(v: dict, n: dict) -> torch.Tensor:
    t = 3.0
    teacher = given("teacher", len(n["x"]), CLASSES, 60)
    each = F.kl_div(F.log_softmax(n["logits"] / t, 1), F.softmax(teacher / t, 1), reduction="none").sum(1)
    return 0.5 * t * t * mean(each)


def distill_features(v: dict, n: dict) -> torch.Tensor:
    teacher = given("teacher", len(n["x"]), TEACHER, 61)
    return 0.7 * mean(((n["features"] @ v["map"] + v["shift"] - teacher) ** 2).mean(1))


CASES = [
    ("l2-sp", 6, [], l2_sp),
    ("delta, all channels alike", 6, [], lambda v, n: delta(v, n, None)),
    ("delta, attention", 6, [], lambda v, n: delta(v, n, ATTENTION)),
    ("bss, fewer samples than features", 5, [], lambda v, n: bss(v, n, 1)),
    ("bss, two values, more samples than features", 12, [], lambda v, n: bss(v, n, 2)),
    ("co-tuning", 6, ["classifier.weight", "classifier.bias"], co_tuning),
    ("distill-logits", 6, [], distill_logits),
    ("distill-features", 6, ["map", "shift"], distill_features),
]


def channel_attention(batch: int) -> list[float]:
    """Li et al. (ICLR 2019), eq. 7, with the network's own values as the trained head's."""

    def loss(without: int | None) -> torch.Tensor:
        feature_map = F.relu(F.conv2d(pictures(batch), value("conv.weight")))
        if without is not None:
            feature_map[:, without] = 0
        logits = feature_map.mean((2, 3)) @ value("head.weight") + value("head.bias")
        return F.cross_entropy(logits, torch.tensor([(2 * n + n // 3) % CLASSES for n in range(batch)]))

    return F.softmax(torch.stack([loss(c) - loss(None) for c in range(CHANNELS)]), 0).tolist()


def main() -> None:
    cases = []
    for name, batch, own, term in CASES:
        v = {key: value(key).requires_grad_(True) for key in ("conv.weight", "head.weight", "head.bias", *own)}
        x = pictures(batch)
        feature_map = F.relu(F.conv2d(x, v["conv.weight"]))
        features = feature_map.mean((2, 3))
        logits = features @ v["head.weight"] + v["head.bias"]
        labels = torch.tensor([(2 * n + n // 3) % CLASSES for n in range(batch)])
        data = mean(F.cross_entropy(logits, labels, reduction="none"))
        added = term(v, {"x": x, "map": feature_map, "features": features, "logits": logits, "labels": labels})
        (data + added).backward()
        cases.append({
            "name": name,
            "batch": batch,
            "loss": recipe.digits((data + added).item())[0],
            "term": recipe.digits(added.item())[0],
            "gradients": {key: recipe.digits(v[key].grad.numpy()) for key in v},
        })  # fmt: skip
        print(f"{name}: {data.item():.4f} + {added.item():.5f}")
    golden = {
        "source": "PyTorch",
        "version": version("torch"),
        "script": SCRIPT,
        "seed": "third column of `values`; pictures 50, teacher's logits 60, teacher's features 61",
        "recipe": recipe.TEXT,
        "tolerance": 2e-6,
        "values": {name: {"dims": dims, "seed": seed, "low": low, "high": high} for name, (dims, seed, low, high) in VALUES.items()},
        "labels": "label of sample n: (2 n + floor(n / 3)) mod classes",
        "relationship": RELATIONSHIP,
        "attention": ATTENTION,
        "channelAttention": {"samples": 7, "weights": recipe.digits(channel_attention(7))},
        "cases": cases,
    }
    TARGET.write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes, {len(cases)} cases")


if __name__ == "__main__":
    main()
