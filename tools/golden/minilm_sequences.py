"""PyTorch's losses while the last layers of MiniLM-L6 are fine-tuned on sentences of different lengths, for Graft's batches of sequences.

    pip install -r tools/convert/requirements.txt
    python tools/golden/minilm_sequences.py

The model, its weights and the head's are those of tools/golden/minilm_training.py; layers 3 to 5 train. Each batch is padded to its own
longest sentence, where Graft pads to one of a few lengths: under the mask that is the same. The batches are those that Graft's `train`
draws with seed 0 for these lengths, batches of 4 and the paddings that it finds; a test fails where it draws others. Computed in
float64; the script stops if float32, PyTorch's default, differs by more than half of the tolerance.
"""

import copy
import json
from importlib.metadata import version

import recipe
import torch
import torch.nn.functional as F
from minilm_l6 import open_model, open_tokenizer, rounded_as_stored, stored_words
from minilm_training import CLASSES, DECAY, HEAD, RATE, TARGET, TOLERANCE, WIDTH
from transformers import BertModel

SCRIPT = "tools/golden/minilm_sequences.py"
SENTENCES = [
    ("Dull.", 0),
    ("A warm, funny and quietly moving film.", 1),
    ("I want those two hours back.", 0),
    ("It drags, it preaches, and when it finally gets around to its one idea that idea turns out to be somebody else's.", 0),
    ("Wonderful!", 1),
    ("The cast is uniformly excellent, the script never condescends, and the last ten minutes, which I shall not spoil, had the whole "
     "row behind me in tears and then, astonishingly, laughing out loud.", 1),
    ("An exercise in empty style.", 0),
    ("Smart, generous entertainment for anyone who still believes that people can change.", 1),
    ("Every joke arrives late and overstays its welcome, and the chase through the market looks as though it had been edited by a "
     "committee with a grudge against continuity, geography and the audience.", 0),
    ("See it twice.", 1),
    ("Not one of these characters would survive a conversation with a real person.", 0),
]
BATCHES = [[4, 9, 6], [8, 3, 5, 10], [1, 7, 2, 0], [0, 9, 4, 6], [10, 7, 1], [5, 3, 8, 2]]


def train(stored: BertModel, sentences: list[list[int]], dtype: torch.dtype) -> list[float]:
    model = copy.deepcopy(stored).to(dtype).requires_grad_(False)
    weight = torch.from_numpy(recipe.values([WIDTH, CLASSES], HEAD["seed"], HEAD["low"], HEAD["high"])).to(dtype).requires_grad_(True)
    bias = torch.zeros(CLASSES, dtype=dtype, requires_grad=True)
    rows, scale = (torch.tensor(part).to(dtype) for part in stored_words())
    trained = [weight, bias]
    for layer in model.encoder.layer[3:]:
        trained += list(layer.requires_grad_(True).parameters())
    groups = [
        {"params": [each for each in trained if each.ndim > 1], "weight_decay": DECAY},
        {"params": [each for each in trained if each.ndim <= 1], "weight_decay": 0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=RATE)
    losses = []
    for batch in BATCHES:
        longest = max(len(sentences[i]) for i in batch)
        places = torch.tensor([sentences[i] + [0] * (longest - len(sentences[i])) for i in batch])
        present = torch.tensor([[1] * len(sentences[i]) + [0] * (longest - len(sentences[i])) for i in batch])
        hidden = model(inputs_embeds=rows[places] * scale[places], attention_mask=present).last_hidden_state
        counts = present.to(dtype)
        mean = (hidden * counts[:, :, None]).sum(1) / counts.sum(1, keepdim=True)
        loss = F.cross_entropy(mean @ weight + bias, torch.tensor([SENTENCES[i][1] for i in batch]))
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


def main() -> None:
    torch.set_num_threads(2)
    stored = rounded_as_stored(open_model())
    tokenizer = open_tokenizer(256)
    tokenizer.no_padding()
    sentences = [each.ids for each in tokenizer.encode_batch([text for text, _ in SENTENCES])]
    losses, single = (train(stored, sentences, dtype) for dtype in (torch.float64, torch.float32))
    spread = max(abs(a - b) / abs(a) for a, b in zip(losses, single))
    print(f"lengths {[len(each) for each in sentences]}")
    print(f"{', '.join(f'{loss:.5f}' for loss in losses)}; float32 within {spread:.1e}")
    if spread > TOLERANCE / 2:
        raise SystemExit("float32 and float64 differ too much for the tolerance")
    golden = {
        "source": "PyTorch",
        "version": version("torch"),
        "script": SCRIPT,
        "tolerance": TOLERANCE,
        "recipe": recipe.TEXT,
        "head": HEAD,
        "inputIds": sentences,
        "labels": [label for _, label in SENTENCES],
        "classes": CLASSES,
        "rate": RATE,
        "weightDecay": DECAY,
        "batches": BATCHES,
        "losses": recipe.digits(losses),
    }
    target = TARGET.with_name("torch-minilm-sequences.json")
    target.write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{target.name}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
