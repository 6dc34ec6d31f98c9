"""Asks ONNX's own checker, with full and strict shape inference, about model files.

    pip install -r tools/golden/requirements-oracle.txt
    python tools/golden/check_model.py FILE_OR_FOLDER ...

Prints one JSON document: the versions, and for each file what the checker says against it, `null` where it says nothing. Files beside
a model that hold its tensors are read as well. The exit status is 1 where a file is refused, except with --report.
"""

import argparse
import json
import sys
from importlib.metadata import version
from pathlib import Path

import onnx


def complaint(path: Path) -> str | None:
    try:
        # By its path, so that external data are found and files beyond 2 GB can be checked.
        onnx.checker.check_model(str(path), full_check=True)
        # And as it is when everything is loaded: tensors outside must be as long as their shapes say.
        model = onnx.load(str(path))
        for tensor in model.graph.initializer:
            onnx.numpy_helper.to_array(tensor)
    except Exception as error:  # The checker and the parser each have their own errors; all of them are refusals.
        return f"{type(error).__name__}: {error}{unknown_sizes(path)}"
    return None


def unknown_sizes(path: Path) -> str:
    """A remark where a file writes dimensions that nobody knows as numbers that are none."""
    try:
        graph = onnx.load(str(path), load_external_data=False).graph
    except Exception:  # The complaint says so already.
        return ""
    dims = [dim for value in [*graph.input, *graph.output] for dim in value.type.tensor_type.shape.dim]
    return " (a dimension of 0 or less is declared)" if any(d.HasField("dim_value") and d.dim_value < 1 for d in dims) else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", type=Path, nargs="+")
    parser.add_argument("--report", action="store_true", help="exit with 0 whatever is found")
    args = parser.parse_args()
    files = [file for path in args.paths for file in (sorted(path.glob("*.onnx")) if path.is_dir() else [path])]
    found = {str(file): complaint(file) for file in files}
    print(json.dumps({"onnx": version("onnx"), "files": found}))
    if any(found.values()) and not args.report:
        sys.exit(1)


if __name__ == "__main__":
    main()
