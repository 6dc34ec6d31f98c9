"""PyTorch's loss at every step of training all of a small model's parameters, for the training step of @graft-ml/trainers."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import recipe
import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from zoo import Entry

BATCH, BATCHES, STEPS = 4, 4, 50
TOLERANCE = 1e-3
ROUNDING = 2e-7
OPTIMIZERS = {
    "sgd": {"name": "sgd", "options": {"momentum": 0.9}},
    "adamw": {"name": "adamw", "options": {"weightDecay": 0.01}},
}


def batch_of(entry: Entry, k: int) -> dict:
    """Inputs like those of the entry, others in every batch; masks and kinds of token repeat."""
    made = {}
    for name, spec in entry.inputs.items():
        dims = [BATCH, *spec["dims"][1:]]
        if "values" not in spec:
            made[name] = {**spec, "dims": dims, "seed": 100 + k}
        elif name == "input_ids":
            ids = 1 + recipe.integers(BATCH * dims[1], 100 + k) % max(spec["values"])
            made[name] = {**spec, "dims": dims, "values": ids.tolist()}
        else:
            made[name] = {**spec, "dims": dims, "values": spec["values"] * (BATCH // spec["dims"][0])}
    return made


def tensor(spec: dict) -> torch.Tensor:
    if "values" in spec:
        return torch.tensor(spec["values"], dtype=torch.int64).reshape(spec["dims"])
    return torch.from_numpy(recipe.values(spec["dims"], spec["seed"], spec["low"], spec["high"]))


def labels_of(entry: Entry, k: int, rank: int, classes: int) -> torch.Tensor:
    """A class a sample; where the model says something of every token, the token after it."""
    if rank == 2:
        return torch.tensor([(n + n // 3 + k) % classes for n in range(BATCH)])
    ids = tensor(batch_of(entry, k)["input_ids"])
    return torch.roll(ids, -1, 1)


def train(entry: Entry, model: torch.nn.Module, optimizer: dict, rate: float, dtype: torch.dtype) -> list[float]:
    twin = copy.deepcopy(model).to(dtype).eval()
    decay = optimizer["options"].get("weightDecay", 0)
    groups = [{"params": [p], "weight_decay": decay if p.dim() > 1 else 0} for p in twin.parameters()]
    if optimizer["name"] == "sgd":
        steps = torch.optim.SGD(groups, lr=rate, momentum=optimizer["options"]["momentum"])
    else:
        steps = torch.optim.AdamW(groups, lr=rate, eps=optimizer["options"].get("epsilon", 1e-8))
    losses = []
    for step in range(STEPS):
        k = step % BATCHES
        fed = [tensor(spec) for spec in batch_of(entry, k).values()]
        logits = twin(*(x.to(dtype) if x.is_floating_point() else x for x in fed))
        labels = labels_of(entry, k, logits.dim(), logits.shape[-1])
        loss = F.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels.reshape(-1))
        losses.append(loss.item())
        steps.zero_grad()
        loss.backward()
        steps.step()
    return losses


def rounded(model: torch.nn.Module, seed: int) -> torch.nn.Module:
    """The model with weights moved by about a rounding error of float32."""
    twin, g = copy.deepcopy(model).double(), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.mul_(1 + ROUNDING * torch.randn(parameter.shape, generator=g, dtype=torch.float64))
    return twin


def unsteadiness(entry: Entry, model: torch.nn.Module, optimizer: dict, rate: float, losses: list[float]) -> float:
    """How far rounding moves the losses: float32, and some starts in float64 that differ by as much."""
    others = [train(entry, model, optimizer, rate, torch.float32)]
    others += [train(entry, rounded(model, seed), optimizer, rate, torch.float64) for seed in range(2)]
    return max(abs(a - b) / abs(a) for other in others for a, b in zip(losses, other))


def curves(entry: Entry, model: torch.nn.Module, logits: list[int]) -> dict:
    runs = []
    for kind, rate in entry.training.items():
        losses = train(entry, model, OPTIMIZERS[kind], rate, torch.float64)
        spread = unsteadiness(entry, model, OPTIMIZERS[kind], rate, losses)
        print(f"{entry.name}, {kind}: loss {losses[0]:.4f} to {losses[-1]:.4f}, rounding within {spread:.1e}", flush=True)
        if spread > TOLERANCE / 5:
            raise SystemExit(f"{entry.name}: rounding moves the losses of {kind} too much for the tolerance; lower its rate")
        if min(losses[-BATCHES:]) > 0.9 * losses[0]:
            raise SystemExit(f"{entry.name}: {kind} learns too little to show anything")
        runs.append({"optimizer": OPTIMIZERS[kind], "rate": rate, "losses": recipe.digits(losses)})
    return {
        "tolerance": TOLERANCE,
        "batch": BATCH,
        "classes": logits[-1],
        "batches": [
            {"inputs": batch_of(entry, k), "labels": labels_of(entry, k, len(logits), logits[-1]).flatten().tolist()} for k in range(BATCHES)
        ],
        "runs": runs,
    }
