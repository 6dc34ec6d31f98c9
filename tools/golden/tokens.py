"""Token ids of Python's `tokenizers` for the tokenizer of @graft-ml/data, made with packages/weights-minilm-l6/tokenizer.json.

    pip install tokenizers==0.23.3
    python tools/golden/tokens.py --data FOLDER

FOLDER holds text-rt-polarity, text-tweeteval and text-uci-sentiment; nothing of their texts goes into the golden file: it has a sha256
of the ids of each 50 lines, and the ids of the first 50. A block's sha256 is over its lines' ids, written as `101 2003 102\n` each.
Lines are cut at line feeds only, and stripped of blanks, tabs and carriage returns. Pairs join a line with the next one, cut at 24 tokens.
tokens-small.json has small tokenizers of other kinds, trained here on the Apache License beside tokenizer.json, some also on ODD, and their
ids of ODD, alone and as pairs with the text before.
"""

import argparse
import hashlib
import json
from pathlib import Path

import tokenizers
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

SCRIPT = "tools/golden/tokens.py"
ROOT = Path(__file__).resolve().parents[2]
TOKENIZER = ROOT / "packages" / "weights-minilm-l6" / "tokenizer.json"
GOLDEN = ROOT / "packages" / "data" / "golden" / "tokens.json"
SMALL = GOLDEN.with_name("tokens-small.json")
LICENCE = TOKENIZER.with_name("LICENSE")
# File and how many of its first lines; 5,000 in all.
FILES = [
    ("text-rt-polarity/rt-polarity.neg", 1000),
    ("text-rt-polarity/rt-polarity.pos", 1000),
    ("text-tweeteval/emotion/train_text.txt", 1000),
    ("text-tweeteval/sentiment/test_text.txt", 1000),
    ("text-uci-sentiment/imdb_labelled.txt", 500),
    ("text-uci-sentiment/yelp_labelled.txt", 500),
]
BLOCK = 50
MAX_TOKENS = 256
PAIR_TOKENS = 24
SMALL_TOKENS = 40
# What real lines seldom hold.
ODD = [
    "",
    " ",
    "[MASK] and [SEP] in the text",
    "a [CLS]b[PAD] c",
    "Größe ÄÖÜ ß ﬁn Å é ñ İstanbul ıI",
    "ΟΔΟΣ ΣΑΣ Σ",
    "中文 and 日本語 カタカナ ｶﾀｶﾅ 한국어",
    "हिन्दी ภาษาไทย עברית العربية",
    "😀 👩‍👩‍👧 🇩🇪 ❤️",
    "zero\u200bwidth\u200djoiner\ufeffmark soft\u00adhyphen",
    "no\u00a0break\u2003em\u3000ideographic\u2028line\u0085next",
    "control\u0001\u0007\u001f\u007f\ufffdend",
    "tab\tand\nline\r\nfeed",
    "don't can't 'quoted' “curly” – — … ‐ ´ ` ^ ~ $ + < = > |",
    "$3.50 50% #tag @user http://t.co/abc?d=e&f",
    "x" * 100,
    "x" * 101,
    "x" * 5000,
    "antidisestablishmentarianism floccinaucinihilipilification",
    "word " * 400,
    "\U00020000\U0002a6df\uf900 \U0001f600",
    "e\u0301 a\u0308 \u1e9b\u0323",
    "½ ² ① Ⅳ ™ ℃",
    "\ue000 private \ud7ff",
]


def lines_of(path: Path, count: int) -> list[str]:
    with path.open(encoding="utf-8", newline="\n") as file:
        return [line.strip(" \t\r\n") for _, line in zip(range(count), file)]


def ids_text(ids: list[int]) -> str:
    return " ".join(map(str, ids)) + "\n"


def blocks(encoded: list) -> list[str]:
    return [
        hashlib.sha256("".join(ids_text(one.ids) for one in encoded[start : start + BLOCK]).encode()).hexdigest()
        for start in range(0, len(encoded), BLOCK)
    ]


def template(start: str, end: str, second: str, ids: dict[str, int], second_type: int) -> processors.TemplateProcessing:
    return processors.TemplateProcessing(
        single=f"{start} $A {end}",
        pair=f"{start} $A {second} $B:{second_type} {end}:{second_type}",
        special_tokens=list(ids.items()),
    )


def small_tokenizers() -> dict[str, Tokenizer]:
    """GPT-2, RoBERTa, CLIP, XLM-R and cased BERT in small."""
    lines = LICENCE.read_text().splitlines()
    byte_level = pre_tokenizers.ByteLevel.alphabet()

    def bpe(vocab: int, special: list[str], **options: object) -> trainers.BpeTrainer:
        return trainers.BpeTrainer(vocab_size=vocab, special_tokens=special, show_progress=False, **options)

    gpt2 = Tokenizer(models.BPE())
    gpt2.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    gpt2.train_from_iterator(lines, bpe(420, ["<|endoftext|>"], initial_alphabet=byte_level))
    gpt2.post_processor = processors.ByteLevel(trim_offsets=False)

    roberta = Tokenizer(models.BPE())
    roberta.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    roberta.train_from_iterator(lines, bpe(420, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"], initial_alphabet=byte_level))
    roberta.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)

    clip = Tokenizer(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>"))
    clip.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    words = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
    clip.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(words), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    special = ["<|startoftext|>", "<|endoftext|>"]
    clip.train_from_iterator(lines + ODD, bpe(700, special, initial_alphabet=byte_level, end_of_word_suffix="</w>"))
    clip.post_processor = template(*special, special[1], {token: clip.token_to_id(token) for token in special}, 0)

    xlmr = Tokenizer(models.Unigram())
    xlmr.normalizer = normalizers.NFKC()
    xlmr.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    xlmr.train_from_iterator(
        lines + ODD, trainers.UnigramTrainer(vocab_size=400, special_tokens=special, unk_token="<unk>", show_progress=False)
    )
    xlmr.post_processor = template("<s>", "</s>", "</s> </s>", {"<s>": 0, "</s>": 2}, 0)

    cased = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    cased.normalizer = normalizers.BertNormalizer(lowercase=False)
    cased.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    cased.train_from_iterator(
        lines + ODD, trainers.WordPieceTrainer(vocab_size=600, special_tokens=special, show_progress=False)
    )
    cased.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return {"gpt2": gpt2, "roberta": roberta, "clip": clip, "xlmr": xlmr, "bert-cased": cased}


def small_golden() -> dict:
    cases = []
    for name, tokenizer in small_tokenizers().items():
        tokenizer.enable_truncation(SMALL_TOKENS)
        singles = tokenizer.encode_batch(ODD)
        pairs = tokenizer.encode_batch(list(zip(ODD[1:], ODD)))
        tokenizer.no_truncation()
        cases.append(
            {
                "name": name,
                "tokenizer": tokenizer.to_str(),
                "ids": [" ".join(map(str, one.ids)) for one in singles],
                "pairs": [" ".join(map(str, one.ids)) for one in pairs],
                "types": [" ".join(map(str, one.type_ids)) for one in pairs],
            }
        )
    return {
        "source": "tokenizers Tokenizer.encode_batch",
        "version": tokenizers.__version__,
        "script": SCRIPT,
        "tolerance": 0,
        "maxTokens": SMALL_TOKENS,
        "texts": ODD,
        "cases": cases,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(TOKENIZER))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    lines = [line for name, count in FILES for line in lines_of(options.data / name, count)]
    assert len(lines) == 5000
    singles = tokenizer.encode_batch(lines)
    odd = tokenizer.encode_batch(ODD)
    tokenizer.enable_truncation(PAIR_TOKENS)
    pairs = tokenizer.encode_batch(list(zip(lines[:1000], lines[1:1001])))
    golden = {
        "source": "tokenizers Tokenizer.from_file(...).encode_batch",
        "version": tokenizers.__version__,
        "script": SCRIPT,
        "tolerance": 0,
        "tokenizer": {"file": "packages/weights-minilm-l6/tokenizer.json", "sha256": hashlib.sha256(TOKENIZER.read_bytes()).hexdigest()},
        "files": [{"name": name, "lines": count} for name, count in FILES],
        "block": BLOCK,
        "maxTokens": MAX_TOKENS,
        "first": [" ".join(map(str, one.ids)) for one in singles[:BLOCK]],
        "sha256": blocks(singles),
        "odd": [{"text": text, "ids": " ".join(map(str, one.ids))} for text, one in zip(ODD, odd)],
        "pairs": {
            "maxTokens": PAIR_TOKENS,
            "first": [
                {"ids": " ".join(map(str, one.ids)), "types": " ".join(map(str, one.type_ids))} for one in pairs[:BLOCK]
            ],
            "sha256": blocks(pairs),
        },
    }
    GOLDEN.write_text(json.dumps(golden, indent=1) + "\n")
    SMALL.write_text(json.dumps(small_golden(), indent=1) + "\n")


if __name__ == "__main__":
    main()
