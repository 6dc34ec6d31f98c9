"""Writes a small network as a TensorFlow.js GraphModel, by TensorFlow.js's own converter, for packages/backbones/src/keras.

    pip install --no-deps tensorflowjs==4.22.0
    python tools/golden/keras_graph_model.py packages/backbones/golden/keras

golden-graph-model.json holds inputs and outputs; pictures are [batch, channels, height, width] in it. The converter imports packages
that this conversion does not use; empty modules stand in for them.
"""

import json
import os
import sys
import tempfile
import types

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import keras
import numpy as np

for name in ("tensorflow_decision_forests", "tensorflow_hub", "jax", "jax.experimental", "jax.experimental.jax2tf"):
    sys.modules.setdefault(name, types.ModuleType(name))
sys.modules["jax.experimental"].jax2tf = sys.modules["jax.experimental.jax2tf"]

from tensorflowjs.converters import tf_saved_model_conversion_v2 as converter

SEED = 17
L = keras.layers
rng = np.random.default_rng(SEED)


def model():
    x = keras.Input((9, 8, 3), name="pictures")
    y = L.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="stem")(x)
    y = L.DepthwiseConv2D(3, padding="same", name="depth")(y)
    y = L.BatchNormalization(name="norm")(y)
    y = L.ReLU(6.0, name="relu6")(y)
    gate = L.Reshape((1, 1, 4), name="pixel")(L.GlobalAveragePooling2D(name="squeeze")(y))
    gate = L.Conv2D(4, 1, activation="sigmoid", name="gate")(gate)
    y = L.Multiply(name="scaled")([y, gate])
    y = L.Add(name="sum")([y, L.AveragePooling2D(3, strides=1, padding="same", name="smooth")(y)])
    y = L.MaxPooling2D(2, name="pool")(L.ZeroPadding2D(((0, 1), (1, 0)), name="zeros")(y))
    y = L.Concatenate(name="both")([y, L.LeakyReLU(0.1, name="leaky")(y)])
    y = L.Flatten(name="flat")(L.Rescaling(2.0, offset=-0.5, name="rescale")(y))
    y = L.Dense(6, activation="tanh", name="hidden")(y)
    return keras.Model(x, L.Dense(3, activation="softmax", name="classes")(y), name="net")


def record(values):
    values = np.asarray(values)
    values = values.transpose(0, 3, 1, 2) if values.ndim == 4 else values
    return {"dims": list(values.shape), "data": [float(f"{v:.6g}") for v in values.ravel().tolist()]}


def main(folder):
    keras.utils.set_random_seed(SEED)
    net = model()
    for weight in net.weights:
        low, high = (0.5, 1.5) if weight.name in ("gamma", "moving_variance") else (-0.5, 0.5)
        weight.assign(rng.uniform(low, high, weight.shape).astype("float32"))
    x = rng.uniform(-1, 1, (2, 9, 8, 3)).astype("float32")
    with tempfile.TemporaryDirectory() as saved:
        net.export(saved, verbose=False)
        converter.convert_tf_saved_model(saved, f"{folder}/graph-model")
    with open(f"{folder}/graph-model/model.json") as file:
        ops = sorted({node["op"] for node in json.load(file)["modelTopology"]["node"]})
    case = {"inputs": {"pictures": record(x)}, "outputs": {"Identity": record(net(x, training=False))}}
    golden = {
        "script": "tools/golden/keras_graph_model.py",
        "keras": keras.__version__,
        "tensorflowjs": "4.22.0",
        "seed": SEED,
        "operators": ops,
        "cases": {"graph-model/model.json": case},
    }
    with open(f"{folder}/golden-graph-model.json", "w") as file:
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")


main(sys.argv[1])
