"""A small Keras network as tf2onnx writes it, with TensorFlow's gradients in float64.

    pip install -r tools/golden/requirements-tf2onnx.txt
    python tools/golden/architectures/keras_convnet.py
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from importlib.metadata import version
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import onnxruntime
import tensorflow as tf
import tf2onnx
from keras import layers
from onnx import numpy_helper

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import recipe  # noqa: E402
from lookup import by_value, constant, distinct  # noqa: E402
from storing import LOSS, TARGET, TOLERANCE, stored  # noqa: E402

SCRIPT = "tools/golden/architectures/keras_convnet.py"
NAME, SEED, OPSET = "keras-convnet", 1, 15
PICTURE = {"dtype": "float32", "dims": [2, 24, 24, 3], "seed": 1, "low": -2, "high": 2}


def network(dtype: str) -> keras.Model:
    keras.backend.set_floatx(dtype)
    kept = {"dtype": dtype}
    return keras.Sequential(
        [
            layers.Input((24, 24, 3), dtype=dtype),
            layers.Conv2D(6, 3, strides=2, padding="same", use_bias=False, **kept),
            layers.BatchNormalization(**kept),
            layers.ReLU(6.0, **kept),
            layers.DepthwiseConv2D(3, padding="same", **kept),
            layers.Conv2D(8, 1, **kept),
            layers.Activation("swish", **kept),
            layers.MaxPooling2D(2, **kept),
            layers.Conv2D(10, 3, activation="relu", **kept),
            layers.AveragePooling2D(2, padding="same", **kept),
            layers.Conv2D(10, 1, activation="tanh", **kept),
            layers.GlobalAveragePooling2D(**kept),
            layers.Dense(5, **kept),
        ]
    )


def weights(model: keras.Model) -> list[np.ndarray]:
    random = np.random.default_rng(SEED)
    made = []
    for array in (np.array(value) for value in model.get_weights()):
        # Norms and biases start equal.
        spread = random.uniform(-0.3, 0.3, array.shape) if constant(array) else 0
        made.append((array + spread).astype(np.float32))
    distinct(made)
    return made


def main() -> None:
    keras.utils.set_random_seed(SEED)
    single = network("float32")
    values = weights(single)
    single.set_weights(values)
    double = network("float64")
    double.set_weights([value.astype(np.float64) for value in values])
    image = recipe.values(PICTURE["dims"], PICTURE["seed"], PICTURE["low"], PICTURE["high"])

    with tf.GradientTape() as tape:
        logits = double(tf.constant(image, tf.float64), training=False)
        loss = tf.reduce_sum(logits * recipe.values(list(logits.shape), LOSS["seed"], LOSS["low"], LOSS["high"]).astype(np.float64))
    slopes = [slope.numpy() for slope in tape.gradient(loss, double.trainable_variables)]
    trained = [np.array(variable) for variable in single.trainable_variables]
    parameters = {f"{i}": (value, slope) for i, (value, slope) in enumerate(zip(trained, slopes, strict=True))}

    signature = [tf.TensorSpec((None, *PICTURE["dims"][1:]), tf.float32, name="image")]
    file, _ = tf2onnx.convert.from_function(
        tf.function(lambda image: {"logits": single(image, training=False)}, input_signature=signature), input_signature=signature, opset=OPSET
    )
    initializers = {tensor.name: numpy_helper.to_array(tensor) for tensor in file.graph.initializer}
    floats = {name: array for name, array in initializers.items() if array.dtype == np.float32 and array.ndim > 0}
    found, seen = by_value(floats, parameters)

    # Batch normalisation is folded into the kernel and bias before it.
    kernel, gamma, beta, mean, variance = values[:5]
    scale = gamma / np.sqrt(variance + 1e-3)
    folded = {"kernel": (kernel * scale).transpose(3, 2, 0, 1), "bias": beta - mean * scale}
    by_folded = {"kernel": (slopes[0] / scale).transpose(3, 2, 0, 1), "bias": slopes[2]}
    for name, data in floats.items():
        for part, expected in folded.items():
            if name not in found and data.shape == expected.shape and np.allclose(data, expected, rtol=1e-4, atol=1e-6):
                found[name] = by_folded[part]
    lost = [name for name, (value, _) in list(parameters.items())[3:] if not {(name, i) for i in range(value.size)} <= seen]
    if lost or len(found) != len(slopes) - 1:
        raise SystemExit(f"{len(found)} initializers of {sorted(floats)} were recognised; parameters lost: {lost}")

    data = file.SerializeToString()
    (output,) = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {"image": image})
    if np.abs(output - logits.numpy()).max() > TOLERANCE["outputs"] / 2 * np.abs(output).max():
        raise SystemExit("ONNX Runtime and TensorFlow differ")
    batch = file.graph.input[0].type.tensor_type.shape.dim[0].dim_param
    golden = {
        "source": "outputs: ONNX Runtime; gradients: TensorFlow in float64",
        "versions": {name: version(name) for name in ("tensorflow-cpu", "keras", "tf2onnx", "onnx", "onnxruntime")},
        "script": SCRIPT,
        "exporter": "tf2onnx",
        "opset": OPSET,
        "seed": SEED,
        "recipe": recipe.TEXT,
        "tolerance": TOLERANCE,
        "loss": LOSS,
        "bindings": {batch: PICTURE["dims"][0]},
        "inputs": {"image": PICTURE},
        "outputs": {file.graph.output[0].name: stored(output, 40)},
        "gradients": {name: stored(slope, 10) for name, slope in found.items()},
    }
    (TARGET / f"{NAME}.onnx.gz").write_bytes(gzip.compress(data, 9, mtime=0))
    (TARGET / f"{NAME}.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{NAME}: {len(found)} gradients; {' '.join(node.op_type for node in file.graph.node)}")


if __name__ == "__main__":
    main()
