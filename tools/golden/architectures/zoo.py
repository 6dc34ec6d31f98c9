"""Which small models are exported, how, and on which inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pictures
import recipe
import sequences
from torch import nn

BATCH, MEMORY = 2, 7


@dataclass(frozen=True)
class Entry:
    name: str
    build: Callable[[], nn.Module]
    inputs: dict
    opset: int
    exporter: str = "torchscript"
    outputs: tuple[str, ...] = ("logits",)
    # Batch normalisation stays in the file instead of being folded.
    keep_norms: bool = False
    # The batch is a named dimension.
    dynamic: bool = True
    # Parameters get values that are all different; without it the library's own start, of equal values.
    random: bool = True
    # First seed that is tried. Where there are trainings: one under which a corner of relu or two do not make rounding grow.
    seed: int = 1
    # Learning rates of the trainings: {"sgd": ..., "adamw": ...}
    training: dict | None = None
    # Parameters that no single initializer shows, as the exporter has computed with them.
    hidden: tuple[str, ...] = field(default=())


def picture(size: int, seed: int = 1) -> dict:
    return {"dtype": "float32", "dims": [BATCH, 3, size, size], "seed": seed, "low": -2, "high": 2}


def tokens(seed: int = 1) -> dict:
    """Without token 0: some models give its embedding no gradient (`padding_idx`), which no file says."""
    ids = 1 + recipe.integers(BATCH * sequences.TOKENS, seed) % (sequences.VOCABULARY - 2)
    return {"dtype": "int64", "dims": [BATCH, sequences.TOKENS], "values": ids.tolist()}


def rows(*made: list[int]) -> dict:
    return {"dtype": "int64", "dims": [BATCH, sequences.TOKENS], "values": [value for row in made for value in row]}


def ended() -> dict:
    """Tokens with the end, which CLIP reads, at different places."""
    ids = tokens()["values"]
    for place in (6, 18):
        ids[place] = sequences.VOCABULARY - 1
    return {**tokens(), "values": ids}


T = sequences.TOKENS
MASK = {"attention_mask": rows([1] * T, [1] * (T - 3) + [0] * 3)}
SENTENCE = {"input_ids": tokens(), **MASK}
PAIR = {**SENTENCE, "token_type_ids": rows([0] * 4 + [1] * (T - 4), [0] * 6 + [1] * (T - 6))}
MEMORIES = {"dtype": "float32", "dims": [BATCH, MEMORY, 16], "seed": 2, "low": -1.5, "high": 1.5}

SCRIPTED = [
    Entry("vgg16", pictures.vgg16, {"image": picture(64)}, 11),
    Entry("resnet18", pictures.resnet18, {"image": picture(32)}, 13, keep_norms=True, training={"sgd": 0.001, "adamw": 0.001}),
    Entry("resnet50", pictures.resnet50, {"image": picture(64)}, 12),
    Entry("resnext", pictures.resnext, {"image": picture(64)}, 11),
    Entry("inception_v3", pictures.inception_v3, {"image": picture(75)}, 15),
    Entry("mobilenet_v2", pictures.mobilenet_v2, {"image": picture(16)}, 16, keep_norms=True, seed=5, training={"sgd": 0.002, "adamw": 0.002}),
    Entry("mobilenet_v3", pictures.mobilenet_v3, {"image": picture(32)}, 14),
    Entry("efficientnet_b0", pictures.efficientnet_b0, {"image": picture(32)}, 18),
    Entry("convnext", pictures.convnext, {"image": picture(32)}, 17),
    Entry("vit", pictures.vit, {"image": picture(32)}, 17, training={"sgd": 0.02, "adamw": 0.003}),
    Entry("unet", pictures.UNet, {"image": picture(32)}, 13, outputs=("map",)),
    Entry("bert", sequences.Bert, PAIR, 14, training={"sgd": 0.01, "adamw": 0.003}),
    Entry("distilbert", sequences.DistilBert, SENTENCE, 16),
    Entry("minilm", sequences.MiniLm, SENTENCE, 18, outputs=("sentence_embedding",)),
    Entry("gpt2", sequences.Gpt2, SENTENCE, 17, training={"sgd": 0.02, "adamw": 0.003}),
    Entry(
        "clip", sequences.Clip, {"input_ids": ended(), "image": picture(32)}, 17,
        outputs=("text_embeds", "image_embeds", "logits_per_image"), dynamic=False,
    ),
    Entry("decoder", sequences.Decoder, {"input_ids": tokens(), "memory": MEMORIES}, 14),
    # Norms and biases as PyTorch starts them: the exporter keeps equal ones once.
    Entry("decoder-merged", sequences.Decoder, {"input_ids": tokens(), "memory": MEMORIES}, 14, random=False),
    Entry("lstm", sequences.lstm, {"input_ids": tokens()}, 14),
    Entry("gru", sequences.gru, {"input_ids": tokens()}, 15),
]  # fmt: skip
NAMED = {entry.name: entry for entry in SCRIPTED}


def again(base: str, opset: int = 18, suffix: str = "dynamo", **changes: object) -> Entry:
    entry = replace(NAMED[base], name=f"{base}-{suffix}", opset=opset, exporter="dynamo", dynamic=False, keep_norms=False, training=None)
    return replace(entry, **changes)


ZOO = [
    *SCRIPTED,
    again("resnet18"),
    again("efficientnet_b0", 20),
    again("convnext", 20),
    again("vit", 18, hidden=("class_token",)),
    # From operator set 23 on attention is one operator.
    again("vit", 23, "attention", hidden=("class_token",)),
    again("gru", 20),
    again("unet", 18),
    again("bert", 18),
    again("gpt2", 21),
    again("lstm", 18),
]

# Made in an environment of its own.
ELSEWHERE = [replace(NAMED["bert"], name="bert-optimum", opset=17, exporter="optimum", training=None)]
