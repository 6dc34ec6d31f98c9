"""Writes five networks of keras.applications with random weights, each as .keras and .h5, and what Keras computes with them.

    python tools/golden/keras_models.py FOLDER [MOBILENET]

MOBILENET is a folder with a TensorFlow.js model.json that holds the weights of MobileNet (alpha 0.25, 224 pixels) alone: Keras takes
them, and mobilenet.json tells the topology that the file leaves out. For every network NAME there are NAME.keras, NAME.h5, NAME.input.f32 and NAME.output.f32: float32, little endian, [batch, channels,
height, width]. models.json tells shapes, versions and seed. Batch normalisation gets statistics that matter.
"""

import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np

SEED = 7
SIZE = 96
MODELS = {
    "vgg16": keras.applications.VGG16,
    "resnet50": keras.applications.ResNet50,
    "inceptionv3": keras.applications.InceptionV3,
    "mobilenetv2": keras.applications.MobileNetV2,
    "efficientnetb0": keras.applications.EfficientNetB0,
}


def randomise(model, rng):
    for layer in model.layers:
        for weight in layer.weights:
            if weight.name in ("gamma", "moving_variance", "variance"):
                weight.assign(rng.uniform(0.5, 1.5, weight.shape).astype("float32"))
            elif weight.name in ("beta", "bias", "moving_mean", "mean"):
                weight.assign(rng.normal(0, 0.1, weight.shape).astype("float32"))
        if isinstance(layer, keras.layers.Normalization):
            layer.finalize_state()  # it computes with copies of its statistics


def save(folder, name, model, x):
    y = np.asarray(model(x, training=False))
    y = y if y.ndim == 4 else y[:, None, None]
    for kind, values in (("input", x), ("output", y)):
        np.ascontiguousarray(values.transpose(0, 3, 1, 2)).astype("<f4").tofile(f"{folder}/{name}.{kind}.f32")
    return {"input": [2, 3, *x.shape[1:3]], "output": [2, y.shape[3], *y.shape[1:3]]}


def mobilenet(folder, weights, rng):
    model = keras.applications.MobileNet(alpha=0.25, weights=None)
    with open(f"{weights}/model.json") as file:
        manifest = json.load(file)["weightsManifest"]
    for group in manifest:
        shard = b"".join(open(f"{weights}/{path}", "rb").read() for path in group["paths"])
        for weight in group["weights"]:
            size = int(np.prod(weight["shape"])) * 4
            values, shard = np.frombuffer(shard[:size], "<f4").reshape(weight["shape"]), shard[size:]
            layer, role = weight["name"].split("/")
            role = "kernel" if role == "depthwise_kernel" else role
            next(w for w in model.get_layer(layer).weights if w.name == role).assign(values)
    with open(f"{folder}/mobilenet.json", "w") as file:
        file.write(model.to_json())
    return save(folder, "mobilenet", model, rng.uniform(-1, 1, (2, 224, 224, 3)).astype("float32"))


def main(folder, weights=None):
    os.makedirs(folder, exist_ok=True)
    rng = np.random.default_rng(SEED)
    keras.utils.set_random_seed(SEED)
    shapes = {}
    for name, make in MODELS.items():
        model = make(weights=None, include_top=False, input_shape=(SIZE, SIZE, 3))
        randomise(model, rng)
        scale = 255 if name == "efficientnetb0" else 1
        x = rng.uniform(0, scale, (2, SIZE, SIZE, 3)).astype("float32")
        shapes[name] = save(folder, name, model, x)
        model.save(f"{folder}/{name}.keras")
        model.save(f"{folder}/{name}.h5")
        keras.backend.clear_session()
    if weights:
        shapes["mobilenet"] = mobilenet(folder, weights, rng)
    with open(f"{folder}/models.json", "w") as file:
        json.dump({"script": "tools/golden/keras_models.py", "keras": keras.__version__, "seed": SEED, "models": shapes}, file)


main(*sys.argv[1:])
