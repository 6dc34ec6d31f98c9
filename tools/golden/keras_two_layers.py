"""Writes what Keras 2 writes: a functional model as .h5 and .keras, and what it computes, for packages/backbones/src/keras.

    python tools/golden/keras_two_layers.py packages/backbones/golden/keras

Keras 2 lives on as tf_keras. golden-keras2.json holds inputs and outputs; pictures are [batch, channels, height, width] in it.
"""

import json
import os
import sys
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np
import tf_keras as keras

SEED = 13
L = keras.layers
rng = np.random.default_rng(SEED)


def model():
    block = keras.Sequential([L.Conv2D(4, 3, input_shape=(8, 8, 3), name="conv"), L.BatchNormalization(name="norm")], name="block")
    x = keras.Input((8, 8, 3), name="x")
    y = block(x)
    z = L.DepthwiseConv2D(3, strides=2, padding="same", name="a/depthwise")(y)
    z = L.LeakyReLU(alpha=0.2, name="leaky")(z)
    outputs = [
        y,
        L.Activation("hard_sigmoid", name="hard")(z),
        L.Dense(3, name="a")(L.Flatten(name="flatten")(z)),
        L.ThresholdedReLU(0.3, name="threshold")(x),
        L.SeparableConv2D(2, 3, name="separable")(x),
        L.add([x, x], name="add"),
        L.LayerNormalization(name="layer_norm")(y),
    ]
    return keras.Model(x, outputs, name="keras2")


def randomise(m):
    for layer in m.layers:
        if hasattr(layer, "layers"):
            randomise(layer)
            continue
        layer.set_weights([rng.uniform(0.5, 1.5, w.shape).astype("float32") for w in layer.get_weights()])


def first(values):
    values = np.asarray(values)
    return values.transpose(0, 3, 1, 2) if values.ndim == 4 else values


def record(values):
    values = first(values)
    return {"dims": list(values.shape), "data": [float(f"{v:.6g}") for v in values.ravel().tolist()]}


def deflate(path):
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)


def main(folder):
    keras.utils.set_random_seed(SEED)
    m = model()
    randomise(m)
    x = rng.uniform(-1, 1, (2, 8, 8, 3)).astype("float32")
    m.save(f"{folder}/keras2.h5")
    m.save(f"{folder}/keras2.keras")
    deflate(f"{folder}/keras2.keras")
    case = {
        "inputs": {"x": record(x)},
        "outputs": {name: record(y) for name, y in zip(m.output_names, m(x, training=False))},
    }
    golden = {
        "script": "tools/golden/keras_two_layers.py",
        "keras": keras.__version__,
        "seed": SEED,
        "cases": {"keras2.h5": case, "keras2.keras": case},
    }
    with open(f"{folder}/golden-keras2.json", "w") as file:
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")


main(sys.argv[1])
