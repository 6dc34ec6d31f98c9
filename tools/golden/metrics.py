"""scikit-learn's answers for the classification metrics of @graft-ml/heads.

    pip install scikit-learn==1.9.1 scipy==1.17.1
    python tools/golden/metrics.py
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, log_loss, precision_recall_fscore_support

SCRIPT = "tools/golden/metrics.py"
TARGET = Path(__file__).resolve().parents[2] / "packages" / "heads" / "golden" / "metrics.json"
SEED, SAMPLES, CLASSES, BINS = 7, 120, 5, 15


def naive_ece(probabilities: np.ndarray, labels: np.ndarray) -> float:
    confidence, top = probabilities.max(1), probabilities.argmax(1)
    edges = np.linspace(0, 1, BINS + 1)
    total = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            total += inside.mean() * abs((top[inside] == labels[inside]).mean() - confidence[inside].mean())
    return float(total)


def best_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    def loss(log_t: float) -> float:
        return -log_softmax(logits / np.exp(log_t), axis=1)[np.arange(len(labels)), labels].mean()

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.05), np.log(20)), method="bounded", options={"xatol": 1e-12}).x))


def main() -> None:
    rng = np.random.default_rng(SEED)
    # Class 3 is rare and class 4 occurs neither among labels nor predictions.
    labels = rng.choice(CLASSES - 1, size=SAMPLES, p=[0.4, 0.3, 0.25, 0.05])
    logits = np.round(rng.normal(size=(SAMPLES, CLASSES)) * 2 + 2.5 * np.eye(CLASSES)[labels], 3)
    logits[:, 4] -= 20
    logits = np.round(logits, 3)
    probabilities = softmax(logits, axis=1)
    predictions = probabilities.argmax(1)
    precision, recall, f1, support = precision_recall_fscore_support(labels, predictions, labels=range(CLASSES), zero_division=0)
    wilson = []
    for successes, count in [(0, 10), (10, 10), (7, 10), (95, 120), (1, 1), (4321, 5000)]:
        interval = binomtest(successes, count).proportion_ci(0.95, method="wilson")
        wilson.append([successes, count, interval.low, interval.high])
    golden = {
        "source": "scikit-learn",
        "version": version("scikit-learn"),
        "script": SCRIPT,
        "seed": SEED,
        "inputs": {"classes": CLASSES, "bins": BINS, "labels": labels.tolist(), "logits": logits.ravel().tolist()},
        "expected": {
            "predictions": predictions.tolist(),
            "accuracy": accuracy_score(labels, predictions),
            "macroF1": f1_score(labels, predictions, average="macro"),
            "precision": precision.tolist(),
            "recall": recall.tolist(),
            "f1": f1.tolist(),
            "support": support.tolist(),
            "confusion": confusion_matrix(labels, predictions, labels=range(CLASSES)).ravel().tolist(),
            "logLoss": log_loss(labels, probabilities, labels=range(CLASSES)),
            "ece": naive_ece(probabilities, labels),
            "temperature": best_temperature(logits, labels),
            "wilson": wilson,
        },
        "tolerance": {"exact": 1e-12, "temperature": 1e-6},
    }
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
