"""PyTorch fine-tunes MiniLM-L6 on the task that `node scripts/proofs/texts.mjs finetune` writes: the same texts, batches, rates and head.

    pip install -r tools/convert/requirements.txt
    python scripts/bench/minilm_finetune.py task.json

The model is `transformers`' BertModel with the published weights; the embeddings and layers below the first trained one run under
no_grad, batches are padded to their longest text, the optimizer is AdamW without decay of vectors. Dropout is off, as in Graft.
Prints one line of JSON: accuracy on the held-out texts, seconds of training and of testing, the loss of each step.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

import torch
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools" / "golden"))
from minilm_l6 import open_model  # noqa: E402

TEST_BATCH = 32


def padded(texts: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    longest = max(map(len, texts))
    ids = torch.zeros(len(texts), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = torch.tensor(text)
        mask[row, : len(text)] = 1
    return ids, mask


def main() -> None:
    task = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    torch.set_num_threads(task["threads"])
    model = open_model().eval().requires_grad_(False)
    trained = model.encoder.layer[task["frozenLayers"] :]
    below = model.encoder.layer[: task["frozenLayers"]]
    head = torch.nn.Linear(model.config.hidden_size, task["classes"])
    with torch.no_grad():
        head.weight.copy_(torch.tensor(task["head"]).reshape(model.config.hidden_size, task["classes"]).T)
        head.bias.zero_()
    variables = [*trained.requires_grad_(True).parameters(), *head.parameters()]
    groups = [
        {"params": [each for each in variables if each.ndim > 1], "weight_decay": task["weightDecay"]},
        {"params": [each for each in variables if each.ndim <= 1], "weight_decay": 0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=0)

    def logits(texts: list[list[int]]) -> torch.Tensor:
        ids, mask = padded(texts)
        bias = (1 - mask[:, None, None, :].float()) * torch.finfo(torch.float32).min
        with torch.no_grad():
            x = model.embeddings(input_ids=ids)
            for layer in below:
                x = first(layer(x, bias))
        for layer in trained:
            x = first(layer(x, bias))
        weights = mask[:, :, None].float()
        return head((x * weights).sum(1) / weights.sum(1))

    def first(output: object) -> torch.Tensor:
        return output[0] if isinstance(output, tuple) else output

    losses = []
    start = time.perf_counter()
    for batch, rate in zip(task["batches"], task["rates"]):
        for group in optimizer.param_groups:
            group["lr"] = rate
        labels = torch.tensor([task["train"]["labels"][i] for i in batch])
        loss = F.cross_entropy(logits([task["train"]["ids"][i] for i in batch]), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(round(loss.item(), 5))
    trained_seconds = time.perf_counter() - start

    test = task["test"]
    order = sorted(range(len(test["ids"])), key=lambda i: len(test["ids"][i]))
    start, right = time.perf_counter(), 0
    with torch.no_grad():
        for at in range(0, len(order), TEST_BATCH):
            some = order[at : at + TEST_BATCH]
            answers = logits([test["ids"][i] for i in some]).argmax(1).tolist()
            right += sum(answer == test["labels"][i] for answer, i in zip(answers, some))
    result = {
        "accuracy": right / len(order),
        "seconds": {"train": trained_seconds, "test": time.perf_counter() - start},
        "losses": losses,
        "torch": version("torch"),
        "transformers": version("transformers"),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
