"""PyTorch on the work of `pnpm bench text`: MiniLM's shape, layers 0-2 under no_grad, layers 3-5 and a linear head trained.

    python minilm_step.py STEPS WARM

Weights are random: no number of this script depends on them. Prints one line of JSON, sentences a second.
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

BATCH, TOKENS, WIDTH, INNER, HEADS, WORDS, LAYERS, FROZEN, CLASSES = 32, 32, 384, 1536, 12, 30522, 6, 3, 2


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.inner, self.outer = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH, eps=1e-12), nn.LayerNorm(WIDTH, eps=1e-12)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        q, k, v = (f(x).view(len(x), -1, HEADS, WIDTH // HEADS).transpose(1, 2) for f in (self.query, self.key, self.value))
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = self.norm1(x + self.output(mixed.transpose(1, 2).reshape(x.shape)))
        return self.norm2(x + self.outer(F.gelu(self.inner(x))))


class MiniLM(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(WORDS, WIDTH), nn.Embedding(512, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.head = nn.Linear(WIDTH, CLASSES)

    def below(self, ids: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        x = self.norm(self.words(ids) + self.places.weight[: ids.shape[1]])
        for layer in self.layers[:FROZEN]:
            x = layer(x, bias)
        return x

    def above(self, x: torch.Tensor, mask: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        for layer in self.layers[FROZEN:]:
            x = layer(x, bias)
        return (x * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)


def rate(run, steps: int, warm: int) -> float:
    for _ in range(warm):
        run()
    start = time.perf_counter()
    for _ in range(steps):
        run()
    return BATCH * steps / (time.perf_counter() - start)


def main() -> None:
    steps, warm = int(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(2)
    torch.manual_seed(0)
    model = MiniLM()
    trained = [*model.layers[FROZEN:].parameters(), *model.head.parameters()]
    optimizer = torch.optim.AdamW(trained, lr=1e-4)
    ids, mask = torch.randint(1000, 30000, (BATCH, TOKENS)), torch.ones(BATCH, TOKENS)
    labels = torch.arange(BATCH) % CLASSES

    def bias() -> torch.Tensor:
        return ((mask - 1) * 1e4)[:, None, None, :]

    @torch.no_grad()
    def forward() -> None:
        model.above(model.below(ids, bias()), mask, bias())

    def train() -> None:
        with torch.no_grad():
            x = model.below(ids, bias())
        loss = F.cross_entropy(model.head(model.above(x, mask, bias())), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    model.eval()
    features = rate(forward, steps, warm)
    print(json.dumps({"features": features, "step": rate(train, steps, warm), "torch": torch.__version__}))


if __name__ == "__main__":
    main()
