"""torchvision's answers for the augmentations of @graft-ml/data: every operation on one synthetic picture, with fixed parameters.

    pip install -r tools/golden/requirements-augment.txt
    python tools/golden/augment.py

The picture is an integer recipe, so any language can regenerate it (`soft` ones are divided by 3, plus 40):
    pixel[y, x, c] = ((x * (3 + c) + y * (7 - 2 * c)) * 5 + (x * y) // (11 + c)) mod 256
Expected pictures are base64 of their bytes, rows of red, green, blue.
"""

import base64
import json
import platform
from pathlib import Path

import numpy as np
import PIL
import torch
from PIL import Image

# With a torch for CPUs the wheel's C++ operators do not load; transforms need none of them, their registration only the names.
operators = torch.library.Library("torchvision", "FRAGMENT")
for signature in (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
):
    try:
        operators.define(signature)
    except RuntimeError:
        pass

import torchvision  # noqa: E402
from torchvision.transforms import InterpolationMode, autoaugment  # noqa: E402
from torchvision.transforms import functional as F  # noqa: E402

SCRIPT = "tools/golden/augment.py"
GOLDEN = Path(__file__).resolve().parents[2] / "packages" / "data" / "golden" / "augment.json"
MODES = {"nearest": InterpolationMode.NEAREST, "bilinear": InterpolationMode.BILINEAR}


def recipe(width: int, height: int, soft: bool) -> np.ndarray:
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    pixels = ((x * (3 + c) + y * (7 - 2 * c)) * 5 + (x * y) // (11 + c)) % 256
    return (pixels // 3 + 40 if soft else pixels).astype(np.uint8)


def tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def affine(image: torch.Tensor, motion: dict, mode: str) -> torch.Tensor:
    return F.affine(
        image,
        angle=motion["angle"],
        translate=motion["translate"],
        scale=motion["scale"],
        shear=motion["shear"],
        interpolation=MODES[mode],
        center=motion.get("center"),
    )


def resized_crop(pixels: np.ndarray, box: list[int], size: int, kernel: str) -> np.ndarray:
    left, top, right, bottom = box
    kernels = {"bicubic": InterpolationMode.BICUBIC, "bilinear": InterpolationMode.BILINEAR}
    image = F.resized_crop(Image.fromarray(pixels), top, left, bottom - top, right - left, [size, size], kernels[kernel])
    return np.asarray(image)


def magnitude(operation: str, m: int, width: int, height: int) -> tuple[float, bool]:
    space = autoaugment.RandAugment(magnitude=m)._augmentation_space(31, (height, width))
    magnitudes, signed = space[operation]
    return (float(magnitudes[m].item()) if magnitudes.ndim > 0 else 0.0), signed


def case(operation: str, arguments: dict, width: int = 16, height: int = 12, soft: bool = False) -> dict:
    pixels = recipe(width, height, soft)
    image = tensor(pixels)
    simple = {
        "brightness": lambda: F.adjust_brightness(image, arguments["factor"]),
        "contrast": lambda: F.adjust_contrast(image, arguments["factor"]),
        "saturation": lambda: F.adjust_saturation(image, arguments["factor"]),
        "hue": lambda: F.adjust_hue(image, arguments["shift"]),
        "sharpness": lambda: F.adjust_sharpness(image, arguments["factor"]),
        "grey": lambda: F.rgb_to_grayscale(image, 3),
        "posterize": lambda: F.posterize(image, arguments["bits"]),
        "solarize": lambda: F.solarize(image, arguments["threshold"]),
        "autocontrast": lambda: F.autocontrast(image),
        "equalize": lambda: F.equalize(image),
        "mirror": lambda: F.hflip(image),
        "upsideDown": lambda: F.vflip(image),
        "affine": lambda: affine(image, arguments["motion"], arguments["interpolation"]),
        "rotate": lambda: F.rotate(image, arguments["angle"], MODES[arguments["interpolation"]]),
    }
    if operation == "resizedCrop":
        out = resized_crop(pixels, arguments["box"], arguments["size"], arguments["interpolation"])
    elif operation == "randAugment":
        strength, signed = magnitude(arguments["name"], arguments["m"], width, height)
        strength = -strength if signed and arguments["sign"] < 0 else strength
        mode = MODES[arguments["interpolation"]]
        out = autoaugment._apply_op(image, arguments["name"], strength, mode, None).permute(1, 2, 0).numpy()
    else:
        out = simple[operation]().permute(1, 2, 0).numpy()
    picture = {"width": width, "height": height, "soft": soft}
    return {
        "operation": operation,
        "picture": picture,
        "arguments": arguments,
        "expected": base64.b64encode(np.ascontiguousarray(out).tobytes()).decode(),
    }


def cases() -> list[dict]:
    turned = {"angle": 17, "translate": [2, -1], "scale": 1.2, "shear": [8, -5]}
    small = {"angle": -40, "translate": [0, 3], "scale": 0.7, "shear": [0, 0], "center": [4, 5]}
    found = [case(name, {"factor": factor}) for name in ("brightness", "contrast", "saturation", "sharpness") for factor in (0, 0.6, 1.7)]
    found += [case("hue", {"shift": shift}) for shift in (-0.3, 0.1, 0.5)]
    found += [case("posterize", {"bits": 3}), case("solarize", {"threshold": 100}), case("grey", {})]
    found += [case("autocontrast", {}, soft=True), case("equalize", {}, 32, 24, True)]
    found += [case("mirror", {}), case("upsideDown", {})]
    found += [case("affine", {"motion": motion, "interpolation": mode}) for motion in (turned, small) for mode in MODES]
    found += [case("rotate", {"angle": 30, "interpolation": mode}) for mode in MODES]
    found += [case("resizedCrop", {"box": [3, 1, 14, 9], "size": 12, "interpolation": kernel}) for kernel in ("bicubic", "bilinear")]
    geometry = ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate")
    tones = ("Brightness", "Color", "Contrast", "Sharpness", "Posterize", "Solarize")
    for name in geometry + tones:
        for m, sign in ((9, 1), (22, -1)):
            mode = "nearest" if m == 22 else "bilinear"
            found.append(case("randAugment", {"name": name, "m": m, "sign": sign, "interpolation": mode}))
    return found


def main() -> None:
    golden = {
        "source": "torchvision.transforms.functional on uint8 tensors; resizedCrop on Pillow images",
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "pillow": PIL.__version__,
            "numpy": np.__version__,
        },
        "script": SCRIPT,
        "seed": "none: parameters are fixed",
        "tolerance": 1,
        "cases": cases(),
    }
    GOLDEN.write_text(json.dumps(golden, indent=1) + "\n")
    print(f"{len(golden['cases'])} cases, {GOLDEN.stat().st_size} bytes")


if __name__ == "__main__":
    main()
