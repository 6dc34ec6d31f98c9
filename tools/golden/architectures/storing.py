"""What all files of expected values have in common."""

from pathlib import Path

import numpy as np
import recipe

TARGET = Path(__file__).resolve().parents[3] / "packages" / "runtime" / "golden" / "architectures"
# The scalar that is differentiated: Σ outputs · weights, the i-th output's by this recipe with seed + i.
LOSS = {"seed": 900, "low": -1, "high": 1}
TOLERANCE = {"outputs": 1e-4, "gradients": 3e-4}


def stored(array: np.ndarray, kept: int) -> dict:
    """Every n-th element; the largest says what an error is relative to, the norm sees all that is left out."""
    flat = np.asarray(array, dtype=np.float64).reshape(-1)
    # Odd, so that the steps do not fall on one column of a matrix.
    every = max(1, -(-flat.size // kept)) | 1
    whole = {"largest": float(f"{np.abs(flat).max():.6g}"), "norm": float(f"{np.linalg.norm(flat):.8g}")}
    return {"dims": list(array.shape), "every": every, "values": recipe.digits(flat[::every], 7), **whole}
