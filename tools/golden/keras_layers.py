"""Writes small Keras models of many layers, and what Keras computes with them, for packages/backbones/src/keras.

    python tools/golden/keras_layers.py packages/backbones/golden/keras

pictures.keras has one output a layer, nested.h5 has nested and shared models in the legacy format, text.keras embeds token ids,
tfjs/ is the text model and the pictures' as a TensorFlow.js LayersModel. golden.json holds inputs and outputs; pictures are
[batch, channels, height, width] in it.
"""

import json
import os
import sys
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np

SEED = 11
L = keras.layers
rng = np.random.default_rng(SEED)


def randomise(model):
    for layer in model.layers:
        if hasattr(layer, "layers"):
            randomise(layer)
            continue
        for weight in layer.weights:
            if weight.name == "count":
                continue
            low, high = (0.5, 1.5) if weight.name in ("gamma", "moving_variance", "variance") else (-0.5, 0.5)
            weight.assign(rng.uniform(low, high, weight.shape).astype("float32"))
        if isinstance(layer, L.Normalization) and layer.input_mean is None:
            layer.finalize_state()


def pictures():
    x = keras.Input((7, 6, 4), name="pictures")
    conv = L.Conv2D(4, 3, padding="same", name="conv_same")(x)
    small = L.Conv2D(3, (2, 3), strides=(2, 1), padding="same", activation="relu", name="conv_stride")(x)
    outputs = [
        conv,
        small,
        L.Conv2D(4, 3, groups=2, dilation_rate=2, padding="same", use_bias=False, name="conv_groups")(x),
        L.Conv2D(2, 3, strides=2, padding="valid", activation="gelu", name="conv_valid")(x),
        L.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2, name="depthwise")(x),
        L.SeparableConv2D(3, 3, padding="same", depth_multiplier=2, activation="silu", name="separable")(x),
        L.BatchNormalization(name="norm_batch")(conv),
        L.BatchNormalization(name="norm_bare", scale=False, center=False, epsilon=0.01)(small),
        L.BatchNormalization(name="norm_rows", axis=1)(small),
        L.LayerNormalization(name="norm_layer")(conv),
        L.LayerNormalization(name="norm_layer_two", axis=[-2, -1], center=False)(small),
        L.Normalization(name="norm_data")(x),
        L.Normalization(name="norm_given", mean=[0.1, 0.2, 0.3, 0.4], variance=[1.0, 2.0, 3.0, 0.0])(x),
        L.Rescaling(2.0, offset=-1.0, name="rescale")(x),
        L.Rescaling([1.0, 2.0, 3.0, 4.0], offset=[0.0, 0.1, 0.2, 0.3], name="rescale_channels")(x),
        L.PReLU(shared_axes=[1, 2], name="prelu")(x),
        L.PReLU(name="prelu_all")(small),
        L.ReLU(max_value=0.3, name="relu_top")(x),
        L.ReLU(max_value=0.3, negative_slope=0.2, name="relu_slope")(x),
        L.ReLU(threshold=0.25, name="relu_threshold")(x),
        L.LeakyReLU(0.1, name="leaky")(x),
        L.ELU(0.5, name="elu")(x),
        L.Softmax(name="softmax")(x),
        L.Softmax(axis=1, name="softmax_rows")(x),
        L.MaxPooling2D(3, strides=2, padding="same", name="max_same")(x),
        L.AveragePooling2D(3, strides=2, padding="same", name="average_same")(x),
        L.AveragePooling2D(2, name="average_valid")(x),
        L.GlobalAveragePooling2D(name="global_average")(x),
        L.GlobalMaxPooling2D(keepdims=True, name="global_max")(x),
        L.ZeroPadding2D(((0, 1), (2, 3)), name="zeros")(small),
        L.MaxPooling2D(2, name="max_zeros")(L.ZeroPadding2D(2, name="zeros_max")(x)),
        L.AveragePooling2D(3, strides=2, name="average_zeros")(L.ZeroPadding2D(1, name="zeros_average")(x)),
        L.Cropping2D(((1, 0), (2, 1)), name="crop")(x),
        L.UpSampling2D((2, 3), name="up_nearest")(small),
        L.UpSampling2D(2, interpolation="bilinear", name="up_bilinear")(small),
        L.Add(name="add")([x, conv]),
        L.Subtract(name="subtract")([x, conv]),
        L.Multiply(name="gate")([x, L.Reshape((1, 1, 4), name="to_pixel")(L.GlobalAveragePooling2D(name="squeeze")(x))]),
        L.Average(name="average")([x, conv, x]),
        L.Maximum(name="maximum")([x, conv]),
        L.Minimum(name="minimum")([x, conv]),
        L.Concatenate(name="concat")([x, conv]),
        L.Concatenate(axis=2, name="concat_width")([x, conv]),
        L.Flatten(name="flatten")(small),
        L.Dense(3, name="dense_flat")(L.Dropout(0.5, name="drop")(L.Flatten(name="flatten_dense")(small))),
        L.Dense(3, name="dense_flat_activated", use_bias=False)(L.Activation("tanh", name="tanh")(L.Flatten(name="flatten_tanh")(small))),
        L.Concatenate(name="concat_flat")([L.Flatten(name="flatten_a")(small), L.Flatten(name="flatten_b")(small)]),
        L.Dense(3, name="dense_pixels", activation=L.LeakyReLU(0.2))(small),
        L.Reshape((-1, 6), name="reshape")(small),
        L.Reshape((6, 4, 3), name="reshape_picture")(small),
        L.Permute((3, 1, 2), name="permute")(small),
        L.Conv2D(2, 1, name="conv_permuted")(L.Permute((2, 3, 1), name="permute_picture")(small)),
        L.Conv2D(2, 1, dtype="mixed_float16", activation="relu6", name="half")(small),
    ]
    names = ["softplus", "softsign", "selu", "sigmoid", "exponential", "hard_sigmoid", "hard_silu", "mish", "celu", "log_softmax"]
    tiny = L.Conv2D(2, 3, strides=3, name="tiny")(x)
    outputs += [L.Activation(name, name=f"act_{name}")(tiny) for name in names]
    model = keras.Model(x, outputs, name="pictures")
    return model, rng.uniform(-1, 0.6, (2, 7, 6, 4)).astype("float32")


def nested():
    block = keras.Sequential(
        [keras.Input((None, None, 3)), L.Conv2D(3, 3, padding="same", name="conv"), L.BatchNormalization(name="norm")],
        name="block",
    )
    wrapped_in = keras.Input((6, 6, 3), name="wrapped_in")
    wrapped = keras.Model(wrapped_in, [block(wrapped_in), L.Activation("relu", name="act")(wrapped_in)], name="wrapped")
    x = keras.Input((6, 6, 3), name="x")
    scale = keras.Input((3,), name="scale")
    shared = L.Dense(3, name="shared")
    first, second = wrapped(x)
    third, _ = wrapped(second)
    pooled = L.GlobalAveragePooling2D(name="pool")(L.Add(name="add")([first, third]))
    y = L.Multiply(name="times")([shared(pooled), shared(scale)])
    model = keras.Model([x, scale], [first, y], name="outer")
    return model, [rng.uniform(-1, 1, (2, 6, 6, 3)).astype("float32"), rng.uniform(-1, 1, (2, 3)).astype("float32")]


def text():
    model = keras.Sequential(
        [
            keras.Input((5,), dtype="int32", name="ids"),
            L.Embedding(11, 4, name="table"),
            L.BatchNormalization(name="norm"),
            L.Dense(6, activation="relu", name="mix"),
            L.LayerNormalization(name="layer_norm"),
            L.GlobalAveragePooling1D(name="mean"),
            L.BatchNormalization(name="norm_flat"),
            L.Dense(3, activation="softmax", name="classes"),
        ],
        name="text",
    )
    return model, rng.integers(0, 11, (2, 5)).astype("int32")


def first(values):
    """Pictures with their channels first, as the graph has them."""
    values = np.asarray(values)
    return values.transpose(0, 3, 1, 2) if values.ndim == 4 else values


def record(values):
    values = first(values)
    flat = values.ravel().tolist()
    return {"dims": list(values.shape), "data": [v if isinstance(v, int) else float(f"{v:.6g}") for v in flat]}


def case(model, inputs):
    y = model(inputs, training=False)
    inputs = inputs if isinstance(inputs, list) else [inputs]
    y = y if isinstance(y, list) else [y]
    outputs = getattr(model, "output_names", None) or [model.layers[-1].name]
    return {
        "inputs": {name: record(value) for name, value in zip([i.name for i in model.inputs], inputs)},
        "outputs": {name: record(value) for name, value in zip(outputs, y)},
    }


def deflate(path):
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)


def layers_model(model, folder):
    """What TensorFlow.js calls a LayersModel: the configuration, and the weights' elements one after the other."""
    os.makedirs(folder, exist_ok=True)
    shard, specs = b"", []
    for layer in model.layers:
        for weight in layer.weights:
            values = np.asarray(weight.numpy())
            spec = {"name": f"{layer.name}/{weight.name}", "shape": list(values.shape), "dtype": "float32"}
            if layer.name == "mix" and weight.name == "kernel":
                scale, low = float(np.ptp(values) / 255), float(values.min())
                spec["quantization"] = {"dtype": "uint8", "scale": scale, "min": low}
                values = np.rint((values - low) / scale).astype("uint8")
                weight.assign((values * scale + low).astype("float32"))
            specs.append(spec)
            shard += values.tobytes()
    half = len(shard) // 2 + 1
    for i, part in enumerate((shard[:half], shard[half:])):
        with open(f"{folder}/group1-shard{i + 1}of2.bin", "wb") as file:
            file.write(part)
    topology = {"keras_version": keras.__version__, "backend": "tensorflow", "model_config": json.loads(model.to_json())}
    manifest = [{"paths": ["group1-shard1of2.bin", "group1-shard2of2.bin"], "weights": specs}]
    with open(f"{folder}/model.json", "w") as file:
        json.dump({"format": "layers-model", "modelTopology": topology, "weightsManifest": manifest}, file)


def main(folder):
    os.makedirs(folder, exist_ok=True)
    keras.utils.set_random_seed(SEED)
    golden = {"script": "tools/golden/keras_layers.py", "keras": keras.__version__, "seed": SEED, "cases": {}}
    for name, make, ending in (("pictures", pictures, "keras"), ("nested", nested, "h5"), ("text", text, "keras")):
        model, inputs = make()
        randomise(model)
        model.save(f"{folder}/{name}.{ending}")
        golden["cases"][f"{name}.{ending}"] = case(model, inputs)
        if ending == "keras":
            deflate(f"{folder}/{name}.{ending}")
        if name == "text":
            layers_model(model, f"{folder}/tfjs")
            golden["cases"]["tfjs/model.json"] = case(model, inputs)
    with open(f"{folder}/golden.json", "w") as file:
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")


main(sys.argv[1])
