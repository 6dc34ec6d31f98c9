"""Small versions of architectures on text, and CLIP: the library's own code with tiny configurations."""

import libraries  # noqa: F401
import torch
from torch import nn
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    CLIPConfig,
    CLIPModel,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    GPT2Config,
    GPT2LMHeadModel,
)

VOCABULARY, TOKENS, CLASSES = 40, 10, 5
# A wider start than the libraries' own 0.02, under which attention is all but uniform.
WIDTH = {"initializer_range": 0.3}
PLAIN = {"attn_implementation": "eager"}
BERT = {"vocab_size": VOCABULARY, "num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": TOKENS, **PLAIN, **WIDTH}
DRY = {"hidden_dropout_prob": 0, "attention_probs_dropout_prob": 0}


class Bert(nn.Module):
    """Classifies a pair of sentences."""

    def __init__(self) -> None:
        super().__init__()
        self.model = BertForSequenceClassification(BertConfig(hidden_size=16, intermediate_size=32, num_labels=CLASSES, **BERT, **DRY))

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor) -> torch.Tensor:
        return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).logits


class DistilBert(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        sizes = {"dim": 16, "hidden_dim": 32, "n_layers": 2, "n_heads": 2, "vocab_size": VOCABULARY, "max_position_embeddings": TOKENS}
        config = DistilBertConfig(dropout=0, attention_dropout=0, seq_classif_dropout=0, num_labels=CLASSES, **sizes, **PLAIN, **WIDTH)
        self.model = DistilBertForSequenceClassification(config)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return self.model(input_ids=input_ids, attention_mask=attention_mask).logits


class MiniLm(nn.Module):
    """A sentence's embedding: mean over its tokens, then length 1."""

    def __init__(self) -> None:
        super().__init__()
        config = BertConfig(hidden_size=24, intermediate_size=32, **{**BERT, "num_attention_heads": 4}, **DRY)
        self.model = BertModel(config, add_pooling_layer=False)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        hidden = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weights = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
        return nn.functional.normalize(mean, p=2, dim=1)


class Gpt2(nn.Module):
    """The last layer has its own weights: the gradient of tied ones is a sum over two initializers."""

    def __init__(self) -> None:
        super().__init__()
        sizes = {"vocab_size": VOCABULARY, "n_positions": TOKENS, "n_embd": 16, "n_layer": 2, "n_head": 2, "bos_token_id": 0, "eos_token_id": 1}
        dry = {"resid_pdrop": 0, "embd_pdrop": 0, "attn_pdrop": 0}
        config = GPT2Config(use_cache=False, tie_word_embeddings=False, **sizes, **dry, **PLAIN, **WIDTH)
        self.model = GPT2LMHeadModel(config)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return self.model(input_ids=input_ids, attention_mask=attention_mask).logits


class Clip(nn.Module):
    """Both towers; the similarities as well."""

    def __init__(self) -> None:
        super().__init__()
        shared = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
        text = {**shared, "vocab_size": VOCABULARY, "max_position_embeddings": TOKENS, "eos_token_id": VOCABULARY - 1, "bos_token_id": 0}
        config = CLIPConfig(text_config=text, vision_config={**shared, "image_size": 32, "patch_size": 8}, projection_dim=12, **PLAIN)
        config.initializer_factor = config.text_config.initializer_factor = config.vision_config.initializer_factor = 4.0
        self.model = CLIPModel._from_config(config, **PLAIN)

    def forward(self, input_ids: torch.Tensor, image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        found = self.model(input_ids=input_ids, pixel_values=image)
        return found.text_embeds, found.image_embeds, found.logits_per_image


class Decoder(nn.Module):
    """PyTorch's own decoder: causal attention to itself, attention to a memory."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding, self.positions = nn.Embedding(VOCABULARY, 16), nn.Parameter(torch.randn(TOKENS, 16))
        layer = nn.TransformerDecoderLayer(16, 2, 32, dropout=0, batch_first=True, norm_first=True, activation="gelu")
        self.decoder, self.last = nn.TransformerDecoder(layer, 2, norm=nn.LayerNorm(16)), nn.Linear(16, CLASSES)
        self.register_buffer("mask", torch.full((TOKENS, TOKENS), float("-inf")).triu(1), persistent=False)

    def forward(self, input_ids: torch.Tensor, memory: torch.Tensor) -> torch.Tensor:
        embedded = self.embedding(input_ids) + self.positions
        return self.last(self.decoder(embedded, memory, tgt_mask=self.mask))


class Recurrent(nn.Module):
    def __init__(self, kind: type) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 12)
        self.recurrent = kind(12, 10, num_layers=2, bidirectional=True, batch_first=True)
        self.last = nn.Linear(20, CLASSES)

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        steps, _ = self.recurrent(self.embedding(input_ids))
        return self.last(steps.mean(1))


def lstm() -> nn.Module:
    return Recurrent(nn.LSTM)


def gru() -> nn.Module:
    return Recurrent(nn.GRU)
