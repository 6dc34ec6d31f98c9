"""The oracle of scripts/proofs/large-model.mjs: checks a model with its tensors beside it, runs it, and computes it by NumPy.

    python check_large_model.py MODEL IDS

Prints one line of JSON: versions and the largest difference, relative to the largest value. Wants requirements-oracle.txt.
"""

import json
import sys

import numpy as np
import onnx
import onnxruntime
from onnx.external_data_helper import load_external_data_for_tensor


def main() -> None:
    path, ids = sys.argv[1], np.array([int(i) for i in sys.argv[2].split(",")], np.int64)
    # By path: a message of over 2 GB cannot be serialised.
    onnx.checker.check_model(path, full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    (y,) = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"]).run(None, {"ids": ids})
    model = onnx.load(path, load_external_data=False)
    tensors = {}
    for tensor in model.graph.initializer:
        load_external_data_for_tensor(tensor, path.rsplit("/", 1)[0])
        values = onnx.numpy_helper.to_array(tensor)
        tensors[tensor.name] = values[ids] if tensor.name == "table" else values
        tensor.ClearField("raw_data")
    expected = tensors.pop("table").astype(np.float64)
    for name in sorted(tensors):
        expected = np.tanh(expected @ tensors[name])
    difference = float(np.abs(y - expected).max() / np.abs(expected).max())
    assert difference < 1e-4, difference
    print(json.dumps({"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__, "difference": difference}))


if __name__ == "__main__":
    main()
