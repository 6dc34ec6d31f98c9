"""Numbers that any language can regenerate: the inputs of the golden files are recipes, not data.

    k[i] = (31 i² + (7919 + 17 seed) i + 104729 seed) mod 65521
    v[i] = float32(low + (high - low) · (k[i] / 65521))     or, with a step,
    v[i] = float32(low + step · (k[i] mod levels)),  levels = round((high - low) / step) + 1

Every intermediate integer stays below 2⁵³ up to 10⁷ elements.
"""

import math

import numpy as np

TEXT = "k = (31 i^2 + (7919 + 17 seed) i + 104729 seed) mod 65521; low + (high - low) (k / 65521), or low + step (k mod levels)"


def integers(count: int, seed: int) -> np.ndarray:
    i = np.arange(count, dtype=np.int64)
    return (31 * i * i + (7919 + 17 * seed) * i + 104729 * seed) % 65521


def values(dims: list[int], seed: int, low: float, high: float, step: float | None = None) -> np.ndarray:
    k = integers(math.prod(dims), seed)
    if step is None:
        v = low + (high - low) * (k / 65521)
    else:
        v = low + step * (k % (round((high - low) / step) + 1))
    return v.astype(np.float32).reshape(dims)


def digits(array: np.ndarray, count: int = 8) -> list[float]:
    """As many significant digits as float32 can tell apart."""
    return [float(f"{v:.{count}g}") for v in np.asarray(array).ravel()]
