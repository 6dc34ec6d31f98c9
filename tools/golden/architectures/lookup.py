"""Which parameter's elements an initializer is made of, by their values: exporters rename, transpose, reorder, cut and stack parameters.

Every element of every parameter must be different from every other.
"""

import numpy as np


def constant(array: np.ndarray) -> bool:
    return bool((array == array.flat[0]).all())


def distinct(arrays: list[np.ndarray]) -> None:
    """Moves equal elements apart, in place, by as little as float32 can; tensors of one repeated number stay."""
    seen: set[float] = {0.0}
    for array in arrays:
        flat = array.reshape(-1)
        if flat.size > 1 and constant(flat):
            continue
        for i, value in enumerate(flat):
            while float(value) in seen:
                value = np.nextafter(value, np.float32(np.inf))
            flat[i] = value
            seen.add(float(value))


def by_value(initializers: dict[str, np.ndarray], parameters: dict[str, tuple[np.ndarray, np.ndarray]]) -> tuple[dict[str, np.ndarray], set]:
    """Gradients by initializers, from values and gradients by parameters. Second: the elements that were found, `(parameter, place)`."""
    where = {float(value): (name, i) for name, (values, _) in parameters.items() for i, value in enumerate(values.reshape(-1))}
    found: dict[str, np.ndarray] = {}
    seen: set[tuple[str, int]] = set()
    for name, data in initializers.items():
        places = [where.get(float(value)) for value in data.reshape(-1)]
        # An exporter that knows the batch writes one parameter out for every sample.
        if not places or None in places or len(set(places)) < len(places):
            continue
        if not seen.isdisjoint(places):
            raise SystemExit(f"{name} shares elements with another initializer")
        seen.update(places)
        found[name] = np.array([parameters[parameter][1].flat[i] for parameter, i in places]).reshape(data.shape)
    return found, seen
