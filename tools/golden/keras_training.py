"""A tiny Keras convnet, Keras's losses while it is fine-tuned, and the topology of MobileNet.

    pip install -r tools/golden/requirements-keras.txt
    python tools/golden/keras_training.py

training.keras ends at its pooled features; the head's weight [width, classes] and the pictures are numbers by recipe
(tools/golden/recipe.py), the head's bias is zero. Plain SGD on softmax cross-entropy, the same batch every step. `last` trains the
last convolution, `full` both; batch normalisation stays as it is. mobilenet-topology.json.gz is what Keras says of MobileNet (alpha 0.25,
224 pixels), whose weights TensorFlow.js publishes alone.
"""

import gzip
import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
import recipe
import tensorflow as tf

SCRIPT = "tools/golden/keras_training.py"
TARGET = Path(__file__).resolve().parents[2] / "packages" / "backbones" / "golden" / "keras"
SEED, SIZE, WIDTH, CLASSES, STEPS, RATE = 11, 8, 6, 3, 6, 3.0
PICTURES = {"seed": 41, "low": -1.0, "high": 1.0}
HEAD = {"seed": 42, "low": -0.5, "high": 0.5}
LABELS = [0, 1, 2, 0, 1, 2]


def network() -> keras.Model:
    x = inputs = keras.Input((SIZE, SIZE, 3), name="picture")
    x = keras.layers.Conv2D(4, 3, padding="same", use_bias=False, name="conv1")(x)
    x = keras.layers.BatchNormalization(name="bn1")(x)
    x = keras.layers.Activation("relu", name="relu1")(x)
    x = keras.layers.Conv2D(WIDTH, 3, strides=2, padding="same", name="conv2")(x)
    x = keras.layers.Activation("relu", name="relu2")(x)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, x, name="tiny")


def train(path: Path, mode: str) -> list[float]:
    model = keras.models.load_model(path)
    weight = tf.Variable(recipe.values([WIDTH, CLASSES], **HEAD))
    bias = tf.Variable(np.zeros(CLASSES, "float32"))
    layers = ["conv2"] if mode == "last" else ["conv1", "conv2"]
    variables = [each.value for name in layers for each in model.get_layer(name).trainable_weights] + [weight, bias]
    # By recipe as [batch, channels, height, width].
    pictures = recipe.values([len(LABELS), 3, SIZE, SIZE], **PICTURES).transpose(0, 2, 3, 1)
    losses = []
    for _ in range(STEPS):
        with tf.GradientTape() as tape:
            logits = model(pictures, training=False) @ weight + bias
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(LABELS, logits))
        losses.append(float(loss))
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(RATE * gradient)
    return recipe.digits(np.array(losses))


def main() -> None:
    keras.utils.set_random_seed(SEED)
    rng = np.random.default_rng(SEED)
    model = network()
    for weight in model.get_layer("bn1").weights:
        low, high = (0.5, 1.5) if weight.name in ("gamma", "moving_variance") else (-0.3, 0.3)
        weight.assign(rng.uniform(low, high, weight.shape).astype("float32"))
    path = TARGET / "training.keras"
    model.save(path)
    golden = {
        "script": SCRIPT,
        "versions": {"keras": keras.__version__, "tensorflow": tf.__version__, "numpy": np.__version__},
        "seed": SEED,
        "recipe": recipe.TEXT,
        "pictures": {"dims": [len(LABELS), 3, SIZE, SIZE], **PICTURES},
        "head": HEAD,
        "labels": LABELS,
        "classes": CLASSES,
        "rate": RATE,
        "runs": [{"mode": mode, "losses": train(path, mode)} for mode in ("last", "full")],
    }
    (TARGET / "training.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    topology = keras.applications.MobileNet(alpha=0.25, weights=None).to_json()
    packed = TARGET / "mobilenet-topology.json.gz"
    packed.write_bytes(gzip.compress(topology.encode(), 9, mtime=0))
    print(golden["runs"], [(each.name, each.stat().st_size) for each in (path, packed)])


main()
