"""Prints the test cases of the ONNX standard, as the Python package `onnx` ships them: one JSON document a line.

    pip install -r tools/golden/requirements-oracle.txt
    python tools/golden/onnx_backend_cases.py

Each line has the case's name, its model as base64, and its data sets: inputs and outputs by name, elements as base64 of their
little-endian bytes; or the reason why a case cannot be written that way. The first line has the versions.
"""

import base64
import json
import re
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

GROUPS = ["pytorch-converted", "pytorch-operator", "simple"]
DTYPES = {
    "FLOAT": "float32", "DOUBLE": "float64", "FLOAT16": "float16", "BFLOAT16": "bfloat16", "INT8": "int8", "INT16": "int16",
    "INT32": "int32", "INT64": "int64", "UINT8": "uint8", "UINT16": "uint16", "UINT32": "uint32", "UINT64": "uint64", "BOOL": "bool",
}  # fmt: skip


class Foreign(Exception):
    """A case that holds something other than tensors of numbers."""


def plain(value, kind: onnx.TypeProto) -> dict:
    """A tensor as JSON; `value` is an array or a `TensorProto`."""
    if kind.WhichOneof("value") != "tensor_type":
        raise Foreign(f"a value is a {(kind.WhichOneof('value') or 'unknown').removesuffix('_type')}")
    name = onnx.TensorProto.DataType.Name(kind.tensor_type.elem_type)
    if name not in DTYPES:
        raise Foreign(f"a value is of {name}")
    array = np.asarray(numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value)
    return {"dtype": DTYPES[name], "dims": list(array.shape), "data": base64.b64encode(array.tobytes()).decode()}


def number(path: Path) -> int:
    return int(re.search(r"_(\d+)\.pb$", path.name).group(1))


def stored(folder: Path, kind: str) -> list:
    files = sorted(folder.glob(f"{kind}_*.pb"), key=number)
    return [onnx.TensorProto.FromString(file.read_bytes()) for file in files]


def line(name: str, model: onnx.ModelProto, sets: list) -> dict:
    given = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in given]
    try:
        data = [
            {
                "inputs": {info.name: plain(value, info.type) for info, value in zip(inputs, fed)},
                "outputs": {info.name: plain(value, info.type) for info, value in zip(model.graph.output, made)},
            }
            for fed, made in sets
        ]
    except Foreign as reason:
        return {"name": name, "foreign": str(reason)}
    return {"name": name, "model": base64.b64encode(model.SerializeToString()).decode(), "sets": data}


def main() -> None:
    print(json.dumps({"onnx": version("onnx")}))
    # The cases of single operators are made when asked for, those of whole graphs are files.
    for case in sorted(collect_testcases(None), key=lambda case: case.name):
        if case.model is not None and case.data_sets is not None:
            print(json.dumps(line(f"{case.kind}/{case.name}", case.model, case.data_sets)))
    root = Path(onnx.__file__).parent / "backend" / "test" / "data"
    for group in GROUPS:
        for folder in sorted((root / group).iterdir()):
            if (folder / "model.onnx").exists():
                sets = [(stored(part, "input"), stored(part, "output")) for part in sorted(folder.glob("test_data_set_*"))]
                print(json.dumps(line(f"{group}/{folder.name}", onnx.load(str(folder / "model.onnx")), sets)))


if __name__ == "__main__":
    main()
