"""Opens a bundle's model.onnx in ONNX Runtime for Python and compares its probabilities with those that Graft gave.

    pip install -r tools/golden/requirements.txt
    python tools/golden/check_bundle.py BUNDLE --input pictures.f32 --predictions predictions.json

`pictures.f32` holds the decoded pictures, raw little-endian float32 in the model's own shape, one after another: decoders differ
between languages, so both sides get the same numbers. `predictions.json` is what `graft predict --json` prints for the same
pictures, one JSON document a line, or a JSON list of them.

Also runs ONNX's own checker with shape inference, and checks the hash that graft.json states. Prints one JSON document.
"""

import argparse
import hashlib
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
import onnxruntime


def read_predictions(path: Path) -> list[dict]:
    text = path.read_text(encoding="utf-8").strip()
    return json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--predictions", type=Path, required=True)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    args = parser.parse_args()

    model = args.bundle / "model.onnx"
    manifest = json.loads((args.bundle / "graft.json").read_text(encoding="utf-8"))
    if hashlib.sha256(model.read_bytes()).hexdigest() != manifest["model"]["sha256"]:
        raise SystemExit("model.onnx is not the file that graft.json describes (sha256 differs)")
    onnx.checker.check_model(str(model), full_check=True)

    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    (entry,) = session.get_inputs()
    names = [output.name for output in session.get_outputs()]
    if entry.name != manifest["model"]["input"] or manifest["model"]["output"] not in names:
        raise SystemExit(f"the model has input {entry.name} and outputs {names}; graft.json says otherwise")
    predictions = read_predictions(args.predictions)
    images = np.fromfile(args.input, dtype="<f4").reshape(len(predictions), *entry.shape[1:])
    found = session.run([manifest["model"]["output"]], {entry.name: images})[0]
    expected = np.array([[p["scores"][label] for label in manifest["labels"]] for p in predictions])
    if found.shape != expected.shape:
        raise SystemExit(f"expected probabilities of shape {expected.shape}; found {found.shape}")
    worst = float(np.abs(found - expected).max())
    same = all(manifest["labels"][k] == p["label"] for k, p in zip(found.argmax(1), predictions))
    result = {"samples": len(predictions), "maxDifference": worst, "sameLabels": same, "onnxruntime": version("onnxruntime"), "onnx": version("onnx")}
    print(json.dumps(result))
    if not (worst <= args.tolerance and same):
        raise SystemExit(f"the probabilities differ by {worst:.1e}; at most {args.tolerance} expected")


if __name__ == "__main__":
    main()
