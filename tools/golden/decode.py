"""Pillow's answers for the decoder of @graft-ml/data: centre crop and resize of one synthetic picture.

    pip install pillow numpy
    python tools/golden/decode.py [--images FOLDER --out FILE]

The picture is an integer recipe, so any language can regenerate it:
    pixel[y, x, c] = ((x * (3 + c) + y * (7 - 2 * c)) * 5 + (x * y) // (11 + c)) mod 256
--images writes the resized bytes of every JPEG of a folder to a file, to compare real photographs once.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import PIL
from PIL import Image

SCRIPT = "tools/golden/decode.py"
GOLDEN = Path(__file__).resolve().parents[2] / "packages" / "data" / "golden" / "decode.json"
KERNELS = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "lanczos3": Image.Resampling.LANCZOS,
    "nearest": Image.Resampling.NEAREST,
}
CASES = [
    (width, height, size, crop, kernel)
    for width, height, size, crop in [(97, 61, 64, 0.875), (300, 211, 56, 0.875), (61, 97, 61, 1.0), (33, 50, 80, 0.9)]
    for kernel in KERNELS
]


def recipe(width: int, height: int) -> np.ndarray:
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    return (((x * (3 + c) + y * (7 - 2 * c)) * 5 + (x * y) // (11 + c)) % 256).astype(np.uint8)


def resized(image: Image.Image, size: int, crop: float, kernel: str) -> np.ndarray:
    w, h = image.size
    s = int(crop * min(w, h))
    box = ((w - s) // 2, (h - s) // 2, (w + s) // 2, (h + s) // 2)
    return np.asarray(image.resize((size, size), KERNELS[kernel], box=box))


def golden() -> dict:
    cases = []
    for width, height, size, crop, kernel in CASES:
        out = resized(Image.fromarray(recipe(width, height)), size, crop, kernel)
        cases.append(
            {
                "inputs": {"width": width, "height": height, "size": size, "crop": crop, "interpolation": kernel},
                "expected": {"first": out.reshape(-1)[:12].tolist(), "sha256": hashlib.sha256(out.tobytes()).hexdigest()},
            }
        )
    return {"source": "Pillow Image.resize(box=...)", "version": PIL.__version__, "script": SCRIPT, "tolerance": 0, "cases": cases}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if options.images is None:
        GOLDEN.write_text(json.dumps(golden(), indent=1) + "\n")
        return
    with options.out.open("wb") as out:
        for path in sorted(options.images.rglob("*.jpg")):
            out.write(resized(Image.open(path).convert("RGB"), 224, 0.875, "bicubic").tobytes())


if __name__ == "__main__":
    main()
