"""scikit-learn's answers for the closed-form solvers of @graft-ml/trainers.

    pip install scikit-learn==1.9.1
    python tools/golden/solvers.py

Features are multiples of 1/64, so float32 holds them exactly. `wide` has fewer samples than features, `tall` more.
"""

import json
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

SCRIPT = "tools/golden/solvers.py"
TARGET = Path(__file__).resolve().parents[2] / "packages" / "trainers" / "golden" / "solvers.json"
SEED = 11
CS, LAMBDAS = [0.01, 1.0, 10.0], [0.01, 1.0, 100.0]


def samples(rng: np.random.Generator, count: int, dims: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    labels = np.concatenate([np.arange(classes), rng.choice(classes, size=count - classes)])
    means = rng.normal(size=(classes, dims))
    features = (means[labels] + rng.normal(size=(count, dims)) * 1.5) * rng.uniform(0.5, 3, size=dims) + 2
    features[:, 1] = 0.5  # a constant feature
    return np.round(features * 64) / 64, labels


def logistic(x: np.ndarray, y: np.ndarray, c: float, weights: np.ndarray | None = None) -> dict:
    model = LogisticRegression(C=c, tol=1e-10, max_iter=100, solver="newton-cholesky").fit(x, y, sample_weight=weights)
    w = np.ones(len(y)) if weights is None else weights
    loss = c * log_loss(y, model.predict_proba(x), sample_weight=w, normalize=False) + 0.5 * (model.coef_**2).sum()
    return {"c": c, "coef": rounded(model.coef_), "intercept": rounded(model.intercept_ - model.intercept_.mean()), "loss": float(loss)}


def ridge(x: np.ndarray, y: np.ndarray, classes: int) -> dict:
    targets = 2.0 * np.eye(classes)[y] - 1
    model = RidgeCV(alphas=LAMBDAS, store_cv_results=True).fit(x, targets)
    return {
        "grid": LAMBDAS,
        "squaredErrors": rounded(model.cv_results_[:, :, 1], 12),
        "looError": model.cv_results_.mean((0, 1)).tolist(),
        "lambda": float(model.alpha_),
        "coef": rounded(model.coef_),
        "intercept": rounded(model.intercept_),
    }


def lda(x: np.ndarray, y: np.ndarray, shrinkage: float | str) -> dict:
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage).fit(x, y)
    chosen = [float(ledoit_wolf_shrinkage(StandardScaler().fit_transform(x[y == k]))) for k in np.unique(y)]
    return {
        "shrinkage": shrinkage,
        "classShrinkage": chosen if shrinkage == "auto" else None,
        "coef": rounded(model.coef_),
        "intercept": rounded(model.intercept_),
    }


def rounded(values: np.ndarray, digits: int = 9) -> list[float]:
    return [float(f"{v:.{digits}g}") for v in np.ravel(values)]


def main() -> None:
    warnings.simplefilter("error")
    rng = np.random.default_rng(SEED)
    cases = []
    for name, count, dims, classes in [("wide", 27, 40, 3), ("tall", 60, 7, 4)]:
        x, y = samples(rng, count, dims, classes)
        weights = np.round(rng.uniform(0.2, 3, size=count), 2)
        z = StandardScaler().fit_transform(x)
        cases.append({
            "name": name,
            "inputs": {
                "dims": dims,
                "classes": classes,
                "features": x.ravel().tolist(),
                "labels": y.tolist(),
                "sampleWeights": weights.tolist(),
            },
            "expected": {
                "logistic": [logistic(x, y, c) for c in CS],
                "weighted": logistic(x, y, 1.0, weights),
                "standardized": logistic(z, y, 0.1),
                "ridge": ridge(x, y, classes),
                "lda": [lda(x, y, s) for s in ("auto", 0.3)],
            },
        })
    golden = {
        "source": "scikit-learn",
        "version": version("scikit-learn"),
        "script": SCRIPT,
        "seed": SEED,
        "cases": cases,
        "tolerance": {"logisticCoef": 1e-4, "logisticLoss": 1e-8, "ridgeError": 1e-8, "coef": 1e-6},
    }
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
