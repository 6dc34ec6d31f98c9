"""Opens a bundle of texts with Python's `tokenizers` and ONNX Runtime, and compares its probabilities with those that Graft gave.

    pip install -r tools/golden/requirements.txt tokenizers==0.23.3
    python tools/golden/check_text_bundle.py BUNDLE --predictions predictions.json

`predictions.json` is what `graft predict --json` prints, one JSON document a line, or a JSON list of them; `pair` is the second text
of a pair. Everything else comes from the bundle: tokenizer.json cuts the texts, graft.json says how long they may be and what pads.

Also runs ONNX's own checker with shape inference, and checks the hashes that graft.json states. Prints one JSON document.
"""

import argparse
import hashlib
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from tokenizers import Tokenizer


def read_predictions(path: Path) -> list[dict]:
    text = path.read_text(encoding="utf-8").strip()
    return json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--predictions", type=Path, required=True)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    args = parser.parse_args()

    manifest = json.loads((args.bundle / "graft.json").read_text(encoding="utf-8"))
    for name, stated in (("model.onnx", manifest["model"]["sha256"]), ("tokenizer.json", manifest["tokenizer"]["sha256"])):
        if hashlib.sha256((args.bundle / name).read_bytes()).hexdigest() != stated:
            raise SystemExit(f"{name} is not the file that graft.json describes (sha256 differs)")
    model = args.bundle / "model.onnx"
    onnx.checker.check_model(str(model), full_check=True)

    how = manifest["card"]["preprocessing"]
    tokenizer = Tokenizer.from_file(str(args.bundle / "tokenizer.json"))
    tokenizer.enable_truncation(max_length=how["maxTokens"])
    tokenizer.enable_padding(pad_id=how["padId"])
    predictions = read_predictions(args.predictions)
    texts = [(p["input"], p["pair"]) if "pair" in p else p["input"] for p in predictions]
    encoded = tokenizer.encode_batch(texts)
    inputs = {
        manifest["model"]["input"]: np.array([e.ids for e in encoded], np.int64),
        how["mask"]: np.array([e.attention_mask for e in encoded], np.int64),
    }
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    entries = sorted(entry.name for entry in session.get_inputs())
    if entries != sorted(inputs):
        raise SystemExit(f"the model has inputs {entries}; graft.json says {sorted(inputs)}")
    found = session.run([manifest["model"]["output"]], inputs)[0]
    expected = np.array([[p["scores"][label] for label in manifest["labels"]] for p in predictions])
    if found.shape != expected.shape:
        raise SystemExit(f"expected probabilities of shape {expected.shape}; found {found.shape}")
    worst = float(np.abs(found - expected).max())
    same = all(manifest["labels"][k] == p["label"] for k, p in zip(found.argmax(1), predictions))
    libraries = {name: version(name) for name in ("tokenizers", "onnxruntime", "onnx")}
    print(json.dumps({"samples": len(predictions), "maxDifference": worst, "sameLabels": same, **libraries}))
    if not (worst <= args.tolerance and same):
        raise SystemExit(f"the probabilities differ by {worst:.1e}; at most {args.tolerance} expected")


if __name__ == "__main__":
    main()
