"""Small architectures as ONNX files, with PyTorch's outputs and gradients, and its losses in training.

    pip install -r tools/golden/requirements-architectures.txt
    python tools/golden/architectures/export.py [name ...]

In an environment of tools/golden/requirements-optimum.txt: python tools/golden/architectures/export.py bert-optimum

Weights are random (a trained model's sizes, no trained model's values). Outputs are ONNX Runtime's on the file; they must agree with
PyTorch's. Gradients are those of Σ outputs · weights, by PyTorch's autograd in float64; PyTorch in float32 must agree with them.
"""

from __future__ import annotations

import copy
import gzip
import json
import sys
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import libraries  # noqa: E402, F401
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
import recipe  # noqa: E402
import torch  # noqa: E402
from storing import LOSS, TARGET, TOLERANCE, stored  # noqa: E402
from training import curves, tensor  # noqa: E402
from tracing import gradients, prepare  # noqa: E402
from zoo import ELSEWHERE, ZOO, Entry  # noqa: E402

SCRIPT = "tools/golden/architectures/export.py"
LIBRARIES = ("torch", "torchvision", "transformers", "onnx", "onnxscript", "onnxruntime")
KEPT = 10


def scalar(outputs: tuple, dtype: torch.dtype) -> torch.Tensor:
    total = torch.zeros((), dtype=dtype)
    for i, y in enumerate(outputs):
        weights = recipe.values(list(y.shape), LOSS["seed"] + i, LOSS["low"], LOSS["high"])
        total = total + (y * torch.from_numpy(weights).to(dtype)).sum()
    return total


def backward(model: torch.nn.Module, inputs: tuple, dtype: torch.dtype) -> tuple[torch.nn.Module, tuple]:
    twin = copy.deepcopy(model).to(dtype).eval()
    outputs = twin(*(x.to(dtype) if x.is_floating_point() else x for x in inputs))
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    scalar(outputs, dtype).backward()
    return twin, tuple(y.detach().numpy() for y in outputs)


def spread(single: torch.nn.Module, double: torch.nn.Module) -> float:
    """How far PyTorch's own float32 gradients are from float64, relative to the largest of each (or a thousandth of all)."""
    pairs = [(a.grad.double(), b.grad) for a, b in zip(single.parameters(), double.parameters()) if b.grad is not None]
    most = max(float(b.abs().max()) for _, b in pairs)
    return max(float((a - b).abs().max()) / max(float(b.abs().max()), 1e-3 * most) for a, b in pairs)


def export(entry: Entry, model: torch.nn.Module, inputs: tuple) -> onnx.ModelProto:
    if entry.exporter == "optimum":
        return by_optimum(entry, model)
    options: dict = {"input_names": list(entry.inputs), "output_names": list(entry.outputs), "opset_version": entry.opset}
    if entry.exporter == "dynamo":
        options |= {"dynamo": True, "external_data": False, "verbose": False}
    else:
        options["dynamo"] = False
        if entry.keep_norms:
            options["training"] = torch.onnx.TrainingMode.PRESERVE
        if entry.dynamic:
            options["dynamic_axes"] = {name: {0: "batch"} for name in [*entry.inputs, *entry.outputs]}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        torch.onnx.export(model, inputs, str(path), **options)
        return onnx.load(path)


def by_optimum(entry: Entry, model: torch.nn.Module) -> onnx.ModelProto:
    from optimum.exporters.onnx import onnx_export_from_model

    with tempfile.TemporaryDirectory() as folder:
        onnx_export_from_model(model.model, folder, opset=entry.opset, task="text-classification", do_validation=False, sequence_length=8)
        return onnx.load(Path(folder) / "model.onnx")


def cleaned(file: onnx.ModelProto) -> onnx.ModelProto:
    # Notes for people that say where the exporting machine keeps its files.
    notes = ("doc_string", "metadata_props")
    for message in (file, file.graph, *file.graph.node, *file.graph.input, *file.graph.output, *file.graph.value_info, *file.graph.initializer):
        for field in notes:
            if field in message.DESCRIPTOR.fields_by_name:
                message.ClearField(field)
    return file


def initializers(file: onnx.ModelProto) -> dict[str, np.ndarray]:
    arrays = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in file.graph.initializer}
    return {name: array for name, array in arrays.items() if array.dtype == np.float32}


def bindings(file: onnx.ModelProto, entry: Entry, inputs: tuple) -> dict[str, int]:
    """Numbers for the named dimensions of a file's inputs."""
    fed = dict(zip(entry.inputs, inputs, strict=True))
    named = {d.dim_param: fed[x.name].shape[i] for x in file.graph.input for i, d in enumerate(x.type.tensor_type.shape.dim) if d.dim_param}
    return dict(sorted(named.items()))


def attempt(entry: Entry, seed: int) -> tuple | None:
    """A model whose gradients rounding does not move; one with a pixel on a corner of relu is passed over."""
    torch.manual_seed(seed)
    model = entry.build().eval()
    specs = entry.inputs
    inputs = tuple(tensor(spec) for spec in specs.values())
    prepare(model, inputs, seed, entry.random)
    single, _ = backward(model, inputs, torch.float32)
    double, outputs = backward(model, inputs, torch.float64)
    off = spread(single, double)
    return (model, inputs, single, double, outputs, off) if off < TOLERANCE["gradients"] / 5 else None


def make(entry: Entry) -> None:
    found = next((one for one in ((attempt(entry, seed), seed) for seed in range(entry.seed, entry.seed + 20)) if one[0] is not None), None)
    if found is None:
        raise SystemExit(f"{entry.name}: no seed gives gradients that float32 can show")
    (model, inputs, single, double, expected, off), seed = found
    file = cleaned(export(entry, model, inputs))
    data = file.SerializeToString()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    outputs = session.run(None, {name: x.numpy() for name, x in zip(entry.inputs, inputs)})
    for y, reference in zip(outputs, expected, strict=True):
        worst = np.abs(y - reference).max() / np.abs(reference).max()
        if worst > TOLERANCE["outputs"] / 2:
            raise SystemExit(f"{entry.name}: ONNX Runtime and PyTorch differ by {worst:.1e}")
    slopes, hidden = gradients(initializers(file), single, double)
    if set(hidden) != set(entry.hidden):
        raise SystemExit(f"{entry.name}: no initializer shows {hidden}; expected {list(entry.hidden)}")
    golden = {
        "source": "outputs: ONNX Runtime; gradients: PyTorch in float64",
        "versions": {name: version(name) for name in (*LIBRARIES, *(("optimum-onnx",) if entry.exporter == "optimum" else ()))},
        "script": SCRIPT,
        "exporter": entry.exporter,
        "opset": next(one.version for one in file.opset_import if one.domain == ""),
        "seed": seed,
        "recipe": recipe.TEXT,
        "tolerance": TOLERANCE,
        "loss": LOSS,
        "bindings": bindings(file, entry, inputs),
        "inputs": entry.inputs,
        "outputs": {name: stored(y, 40) for name, y in zip(entry.outputs, outputs, strict=True)},
        "gradients": {name: stored(slope, KEPT) for name, slope in slopes.items()},
        **({"untraced": hidden} if hidden else {}),
    }
    if entry.training is not None:
        golden["training"] = curves(entry, model, list(outputs[0].shape))
    TARGET.mkdir(parents=True, exist_ok=True)
    packed = TARGET / f"{entry.name}.onnx.gz"
    packed.write_bytes(gzip.compress(data, 9, mtime=0))
    text = TARGET / f"{entry.name}.json"
    text.write_text(json.dumps(golden, separators=(",", ":")) + "\n", encoding="utf-8")
    operators = " ".join(sorted({node.op_type for node in file.graph.node}))
    sizes = f"{packed.stat().st_size} + {text.stat().st_size} bytes"
    print(f"{entry.name}: seed {seed}, float32 within {off:.1e}, {len(slopes)} gradients, {sizes}; {operators}", flush=True)


def main() -> None:
    warnings.filterwarnings("ignore")
    # Sums in one order, whatever the machine.
    torch.set_num_threads(1)
    wanted = sys.argv[1:]
    for entry in [*ZOO, *ELSEWHERE]:
        if entry.name in wanted or (not wanted and entry in ZOO):
            make(entry)


if __name__ == "__main__":
    main()
