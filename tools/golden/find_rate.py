"""The learning rates that a range test suggests: losses smoothed as Lightning's `lr_find` does it, the steepest place over a tenth of them.

    pip install -r tools/golden/requirements.txt
    python tools/golden/find_rate.py

Smoothing and what is skipped are written down here as in lightning.pytorch.tuner.lr_finder (beta 0.98, skip_begin 10, skip_end 1).
Its slope looks at two neighbours; this one at a twentieth of the losses on either side. The losses are a fall and a rise with noise.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import recipe

SCRIPT = "tools/golden/find_rate.py"
TARGET = Path(__file__).resolve().parents[2] / "packages" / "trainers" / "golden" / "find-rate.json"


def main() -> None:
    cases = []
    for count, seed, middle in ((100, 1, 55), (100, 2, 40), (60, 3, 30)):
        i = np.arange(count)
        rates = 1e-7 * (10 / 1e-7) ** (i / (count - 1))
        noise = recipe.values([count], seed, -0.05, 0.05).astype(float)
        losses = 2 - 1.4 / (1 + np.exp(-(i - middle) / 5)) + np.maximum(0, i - middle - 20) ** 2 / 100 + noise
        mean, smoothed = 0.0, []
        for n, loss in enumerate(losses, 1):
            mean = 0.98 * mean + 0.02 * loss
            smoothed.append(mean / (1 - 0.98**n))
        judged, reach = np.array(smoothed[10:-1]), max(1, round(count / 20))
        places = np.arange(len(judged))
        before, after = np.clip(places - reach, 0, None), np.clip(places + reach, None, len(judged) - 1)
        steepest = int(((judged[after] - judged[before]) / (after - before)).argmin()) + 10
        lowest = int(np.argmin(smoothed[10:-1])) + 10
        cases.append({
            "rates": [float(f"{v:.9g}") for v in rates],
            "losses": [float(f"{v:.9g}") for v in losses],
            "smoothed": [float(f"{v:.9g}") for v in smoothed],
            "steepest": float(f"{rates[steepest]:.9g}"),
            "safe": float(f"{min(rates[lowest] / 10, rates[steepest]):.9g}"),
        })  # fmt: skip
    golden = {
        "source": "numpy",
        "version": version("numpy"),
        "script": SCRIPT,
        "seed": "1, 2 and 3",
        "tolerance": 1e-6,
        "cases": cases,
    }
    TARGET.write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes, {len(cases)} cases")


if __name__ == "__main__":
    main()
