"""Small text models in the layouts that hubs have, their tokenizers, and what `transformers` makes of the same texts.

    pip install -r tools/golden/requirements-optimum.txt
    python tools/golden/text_backbones.py

Random weights in small sizes; each has as many layers as the catalogue's card of it names. `bert` and `distilbert` are exported by
Optimum with the head of masked words. By PyTorch's exporter, without a mask: `clip-text` with its projection, and `gpt2` for ids [texts,
choices, tokens], as the ONNX Model Zoo has it. Texts are padded on the right; hidden states and features are PyTorch's.
`bert` is given pairs, too, with the types that its tokenizer gives.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "architectures"))

import libraries  # noqa: E402, F401
import numpy as np  # noqa: E402
import onnx  # noqa: E402
import recipe  # noqa: E402
import torch  # noqa: E402
from optimum.exporters.onnx import onnx_export_from_model  # noqa: E402
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers  # noqa: E402
from transformers import (  # noqa: E402
    BertConfig,
    BertForMaskedLM,
    CLIPTextConfig,
    CLIPTextModelWithProjection,
    DistilBertConfig,
    DistilBertForMaskedLM,
    GPT2Config,
    GPT2Model,
)

SCRIPT = "tools/golden/text_backbones.py"
TARGET = HERE.parents[1] / "packages" / "backbones" / "golden" / "texts"
SEED, WIDTH, WORDS, PAIRS, PLACES = 5, 8, 72, 290, 32
TEXTS = ["the cat sat on the mat and looked at the bird", "a dull film", "good", "Zebras don't sit; they look!"]
SECOND = ["it was good", "the bird", "don't look at the film", "sat"]
WIDE = {"initializer_range": 0.5}
LIBRARIES = ("torch", "transformers", "tokenizers", "optimum-onnx", "onnx")


def wordpiece() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(TEXTS, trainers.WordPieceTrainer(vocab_size=WORDS, special_tokens=special))
    marks = [(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", marks)
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def bytepairs(around: bool) -> Tokenizer:
    """As GPT-2's, or as CLIP's with marks around the text."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    # In CLIP's vocabulary the end is the largest id: its model finds the end so.
    size = PAIRS - (2 if around else 1)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet))
    marks = ["<|startoftext|>", "<|endoftext|>"] if around else ["<|endoftext|>"]
    tokenizer.add_special_tokens(marks)
    if around:
        places = [(token, tokenizer.token_to_id(token)) for token in marks]
        tokenizer.post_processor = processors.TemplateProcessing("<|startoftext|> $A <|endoftext|>", None, places)
    return tokenizer


class Choices(torch.nn.Module):
    """The library's own way to look back alone cannot be traced; the same mask, written down."""

    def __init__(self, model: GPT2Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, input1: torch.Tensor) -> torch.Tensor:
        places = torch.arange(input1.shape[-1])
        later = (places[None] > places[:, None]).float() * torch.finfo(torch.float32).min
        return self.model(input_ids=input1, attention_mask=later[None, None]).last_hidden_state


def by_optimum(model: torch.nn.Module, task: str) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory() as folder:
        onnx_export_from_model(model, folder, opset=14, task=task, do_validation=False)
        return onnx.load(Path(folder) / "model.onnx")


class Tower(torch.nn.Module):
    def __init__(self, model: CLIPTextModelWithProjection) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor) -> tuple[torch.Tensor, ...]:
        found = self.model(input_ids=input_ids)
        return found.text_embeds, found.last_hidden_state


def by_torch(model: torch.nn.Module, ids: list[int], axes: dict[str, list[str]]) -> onnx.ModelProto:
    source, *outputs = axes
    options = {"input_names": [source], "output_names": outputs, "dynamic_axes": {name: dict(enumerate(of)) for name, of in axes.items()}}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        torch.onnx.export(model, (torch.ones(*ids, dtype=torch.int64),), str(path), opset_version=14, dynamo=False, **options)
        return onnx.load(path)


def bert() -> BertForMaskedLM:
    sizes = {"vocab_size": WORDS, "hidden_size": WIDTH, "intermediate_size": 2 * WIDTH, "num_hidden_layers": 12, "num_attention_heads": 2}
    return BertForMaskedLM(BertConfig(**sizes, max_position_embeddings=PLACES, **WIDE))


def distilbert() -> DistilBertForMaskedLM:
    sizes = {"vocab_size": WORDS, "dim": WIDTH, "hidden_dim": 2 * WIDTH, "n_layers": 6, "n_heads": 2, "max_position_embeddings": PLACES}
    return DistilBertForMaskedLM(DistilBertConfig(**sizes, **WIDE))


def gpt2() -> GPT2Model:
    sizes = {"vocab_size": PAIRS, "n_embd": WIDTH, "n_layer": 2, "n_head": 2, "n_positions": PLACES}
    return GPT2Model(GPT2Config(**sizes, **WIDE, use_cache=False, attn_implementation="eager"))


def clip() -> CLIPTextModelWithProjection:
    sizes = {"vocab_size": PAIRS, "hidden_size": WIDTH, "intermediate_size": 2 * WIDTH, "projection_dim": 6, "num_hidden_layers": 2}
    # The id of the end that the published configurations have, whatever the vocabulary.
    ids = {"eos_token_id": 2, "bos_token_id": 0, "pad_token_id": 1}
    return CLIPTextModelWithProjection(CLIPTextConfig(**sizes, **ids, num_attention_heads=2, max_position_embeddings=PLACES, initializer_range=0.5))


def feed(tokenizer: Tokenizer, pad: int) -> tuple[np.ndarray, np.ndarray]:
    encoded = [each.ids for each in tokenizer.encode_batch(TEXTS)]
    longest = max(map(len, encoded))
    ids = np.array([each + [pad] * (longest - len(each)) for each in encoded])
    mask = np.array([[1] * len(each) + [0] * (longest - len(each)) for each in encoded])
    return ids, mask


def pooled(hidden: torch.Tensor, mask: torch.Tensor) -> dict[str, torch.Tensor]:
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return {
        "mean": (hidden * weights).sum(1) / weights.sum(1),
        "cls": hidden[:, 0],
        "last": hidden[torch.arange(len(hidden)), mask.sum(1) - 1],
        "max": hidden.masked_fill(weights == 0, float("-inf")).max(1).values,
    }


def pairs_of(model: torch.nn.Module, tokenizer: Tokenizer) -> dict:
    """Two texts in one sequence: what is behind the first [SEP] is of type 1, and padding of type 0."""
    encoded = tokenizer.encode_batch(list(zip(TEXTS, SECOND, strict=True)))
    longest = max(len(each.ids) for each in encoded)
    padded = lambda rows: torch.tensor([row + [0] * (longest - len(row)) for row in rows])  # noqa: E731
    ids, types, mask = (padded(rows) for rows in zip(*((each.ids, each.type_ids, [1] * len(each.ids)) for each in encoded), strict=True))
    with torch.no_grad():
        hidden = model(input_ids=ids, attention_mask=mask, token_type_ids=types, output_hidden_states=True).hidden_states[-1]
    features = pooled(hidden, mask)["mean"]
    return {"second": SECOND, "inputIds": ids.tolist(), "attentionMask": mask.tolist(), "features": [recipe.digits(row) for row in features.numpy()]}


def cleaned(file: onnx.ModelProto) -> onnx.ModelProto:
    # Notes for people that say where the exporting machine keeps its files.
    for message in (file, file.graph, *file.graph.node, *file.graph.input, *file.graph.output, *file.graph.value_info):
        for field in ("doc_string", "metadata_props"):
            if field in message.DESCRIPTOR.fields_by_name:
                message.ClearField(field)
    return file


def write(name: str, model: torch.nn.Module, file: onnx.ModelProto, tokenizer: Tokenizer, pad: int) -> None:
    ids, mask = feed(tokenizer, pad)
    places, present = torch.from_numpy(ids), torch.from_numpy(mask)
    with torch.no_grad():
        if name == "clip-text":
            features = {"last": model(input_ids=places).text_embeds}
        elif name == "gpt2":
            features = pooled(model(input_ids=places, attention_mask=present).last_hidden_state, present)
        else:
            features = pooled(model(input_ids=places, attention_mask=present, output_hidden_states=True).hidden_states[-1], present)
    (TARGET / f"{name}.onnx.gz").write_bytes(gzip.compress(cleaned(file).SerializeToString(), 9, mtime=0))
    (TARGET / f"{name}.tokenizer.json").write_text(json.dumps(json.loads(tokenizer.to_str()), separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8")
    golden = {
        "script": SCRIPT,
        "versions": {library: version(library) for library in LIBRARIES},
        "seed": SEED,
        "texts": TEXTS,
        "padId": pad,
        "inputIds": ids.tolist(),
        "attentionMask": mask.tolist(),
        "features": {way: [recipe.digits(row) for row in rows.numpy()] for way, rows in features.items()},
    }
    if name == "bert":
        golden["pairs"] = pairs_of(model, tokenizer)
    path = TARGET / f"{name}.json"
    path.write_text(json.dumps(golden, separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8")
    inputs = [(each.name, [d.dim_param or d.dim_value for d in each.type.tensor_type.shape.dim]) for each in file.graph.input]
    sizes = [(TARGET / f"{name}{ending}").stat().st_size for ending in (".onnx.gz", ".tokenizer.json", ".json")]
    print(name, inputs, [each.name for each in file.graph.output], sizes, flush=True)


def apart(model: torch.nn.Module) -> torch.nn.Module:
    """No two tensors alike: an exporter would write them once."""
    for parameter in model.parameters():
        if parameter.ndim == 1:
            torch.nn.init.normal_(parameter.data, float(parameter.data.mean()), 0.1)
    return model.eval()


def main() -> None:
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    TARGET.mkdir(parents=True, exist_ok=True)
    words, pairs, marked = wordpiece(), bytepairs(False), bytepairs(True)
    torch.manual_seed(SEED)
    for name, make, task in (("bert", bert, "fill-mask"), ("distilbert", distilbert, "fill-mask")):
        model = apart(make())
        write(name, model, by_optimum(model, task), words, 0)
    model = apart(gpt2())
    choices = {"input1": ["b", "c", "s"], "output1": ["b", "c", "s"]}
    write("gpt2", model, by_torch(Choices(model).eval(), [2, 1, 6], choices), pairs, pairs.token_to_id("<|endoftext|>"))
    model = apart(clip())
    rows = {"input_ids": ["text_batch_size", "sequence_length"], "text_embeds": ["text_batch_size"], "last_hidden_state": ["text_batch_size", "sequence_length"]}
    write("clip-text", model, by_torch(Tower(model).eval(), [2, 6], rows), marked, marked.token_to_id("<|endoftext|>"))


if __name__ == "__main__":
    main()
