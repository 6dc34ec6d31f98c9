"""Writes packages/graph/src/model/schemas.ts: what ONNX says of every operator's inputs, outputs, attributes and element types.

    pip install -r tools/golden/requirements-oracle.txt
    python tools/golden/onnx_schemas.py
"""

from importlib.metadata import version
from pathlib import Path

import onnx

TARGET = Path(__file__).resolve().parents[2] / "packages" / "graph" / "src" / "model" / "schemas.ts"
LETTERS = {
    "float": "f", "double": "d", "float16": "h", "bfloat16": "b", "int8": "c", "int16": "s", "int32": "i", "int64": "l",
    "uint8": "C", "uint16": "S", "uint32": "I", "uint64": "L", "bool": "o",
}  # fmt: skip
ATTRIBUTES = {"INT": "i", "FLOAT": "f", "STRING": "s", "TENSOR": "t", "INTS": "is", "FLOATS": "fs", "STRINGS": "ss"}
Option = onnx.defs.OpSchema.FormalParameterOption


def letters(types) -> str:
    names = [t[len("tensor(") : -1] for t in types if t.startswith("tensor(")]
    return "".join(LETTERS[name] for name in LETTERS if name in names)


def parameter(p, constraints: dict[str, str]) -> str:
    kind = p.type_str if p.type_str in constraints else "#" + letters([p.type_str])
    if p.option == Option.Variadic:
        return kind + ("+" if p.is_homogeneous else "*")
    return kind


def encode(schema) -> str | None:
    constraints = {c.type_param_str: letters(c.allowed_type_strs) for c in schema.type_constraints}
    inputs = [parameter(p, constraints) for p in schema.inputs]
    outputs = [parameter(p, constraints) for p in schema.outputs]
    needed = [p for p in [*inputs[: schema.min_input], *outputs[: schema.min_output]]]
    if any(constraints.get(p.rstrip("+*"), p) in ("", "#") for p in needed):
        return None
    attributes = [
        f"{name}:{ATTRIBUTES.get(a.type.name, '?')}{'!' if a.required else ''}"
        for name, a in sorted(schema.attributes.items())
    ]
    types = [f"{name}:{kinds}" for name, kinds in constraints.items()]
    fields = [inputs, outputs, [str(schema.min_input)], [str(schema.min_output)], attributes, types]
    return ";".join(" ".join(field) for field in fields)


def main() -> None:
    operators: dict[str, list[tuple[int, str]]] = {}
    for schema in onnx.defs.get_all_schemas_with_history():
        # What a deprecated or string operator says is of no use here.
        if schema.domain != "" or (text := encode(schema)) is None:
            continue
        operators.setdefault(schema.name, []).append((schema.since_version, "" if schema.deprecated else text))
    lines = []
    for name, versions in sorted(operators.items()):
        kept: list[tuple[int, str]] = []
        for since, text in sorted(versions):
            if not kept or kept[-1][1] != text:
                kept.append((since, text))
        body = "|".join(f"{since};{text}" for since, text in kept)
        lines.append(f'  {name}: "{body}",')
    TARGET.write_text(
        f"// Made by tools/golden/onnx_schemas.py with onnx {version('onnx')}; do not edit.\n"
        "\n"
        "/**\n"
        " * Operators by name: versions divided by `|`, each as `since;inputs;outputs;fewest inputs;fewest outputs;attributes;types`.\n"
        " * `T+` recurs with one type, `T*` with any, `#l` is a type itself; `!` marks an attribute that must be there.\n"
        " */\n"
        "export const SCHEMAS: Readonly<Record<string, string>> = {\n" + "\n".join(lines) + "\n};\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
