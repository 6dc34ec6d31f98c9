"""PyTorch's losses while MiniLM-L6 is fine-tuned, for Graft's training of transformers: cut at a hidden state, differentiate, update.

    pip install -r tools/convert/requirements.txt
    python tools/golden/minilm_training.py

The model is `transformers`' BertModel with the weights as packages/weights-minilm-l6/model.onnx stores them, without dropout. The sentences
are those of tools/golden/minilm_l6.py, padded to the longest; the head's weight `[384, 2]` is tools/golden/recipe.py with the seed
below, its bias zero. `last` trains layers 3 to 5; `full` everything that the file has as floats: positions and the words' scales too,
not the words themselves. Every step sees the same batch. Computed in float64; the script stops if float32, PyTorch's default,
differs by more than half of the tolerance.
"""

import copy
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import recipe
import torch
import torch.nn.functional as F
from minilm_l6 import SENTENCES, open_model, open_tokenizer, rounded_as_stored, stored_words, tokens
from transformers import BertModel

SCRIPT = "tools/golden/minilm_training.py"
TARGET = Path(__file__).resolve().parents[2] / "packages" / "trainers" / "golden" / "torch-minilm.json"
LABELS, CLASSES, WIDTH = (0, 1, 0, 1), 2, 384
STEPS, RATE, DECAY, TOLERANCE = 4, 1e-5, 0.01, 1e-3
HEAD = {"seed": 78, "low": -0.3, "high": 0.3}


def train(stored: BertModel, mode: str, ids: np.ndarray, mask: np.ndarray, dtype: torch.dtype) -> list[float]:
    model = copy.deepcopy(stored).to(dtype).requires_grad_(False)
    weight = torch.from_numpy(recipe.values([WIDTH, CLASSES], HEAD["seed"], HEAD["low"], HEAD["high"])).to(dtype).requires_grad_(True)
    bias = torch.zeros(CLASSES, dtype=dtype, requires_grad=True)
    rows, scale = (torch.tensor(part).to(dtype) for part in stored_words())
    modules = list(model.encoder.layer[3:])
    trained = [weight, bias]
    if mode == "full":
        modules = [*model.encoder.layer, model.embeddings.LayerNorm, model.embeddings.position_embeddings]
        trained.append(scale.requires_grad_(True))
    for module in modules:
        trained += list(module.requires_grad_(True).parameters())
    groups = [
        {"params": [each for each in trained if each.ndim > 1], "weight_decay": DECAY},
        {"params": [each for each in trained if each.ndim <= 1], "weight_decay": 0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=RATE)
    places, present = torch.from_numpy(ids), torch.from_numpy(mask)
    counts = present.to(dtype)
    losses = []
    for _ in range(STEPS):
        words = rows[places] * scale[places]
        hidden = model(inputs_embeds=words, attention_mask=present).last_hidden_state
        mean = (hidden * counts[:, :, None]).sum(1) / counts.sum(1, keepdim=True)
        loss = F.cross_entropy(mean @ weight + bias, torch.tensor(LABELS))
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


def main() -> None:
    torch.set_num_threads(2)
    stored = rounded_as_stored(open_model())
    ids, mask = tokens(open_tokenizer(256), SENTENCES)
    runs = []
    for mode in ("last", "full"):
        losses, single = (train(stored, mode, ids, mask, dtype) for dtype in (torch.float64, torch.float32))
        spread = max(abs(a - b) / abs(a) for a, b in zip(losses, single))
        print(f"{mode}: {', '.join(f'{loss:.5f}' for loss in losses)}; float32 within {spread:.1e}")
        if spread > TOLERANCE / 2:
            raise SystemExit("float32 and float64 differ too much for the tolerance")
        runs.append({"mode": mode, "losses": recipe.digits(losses)})
    golden = {
        "source": "PyTorch",
        "version": version("torch"),
        "script": SCRIPT,
        "tolerance": TOLERANCE,
        "recipe": recipe.TEXT,
        "head": HEAD,
        "inputIds": ids.tolist(),
        "attentionMask": mask.tolist(),
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
