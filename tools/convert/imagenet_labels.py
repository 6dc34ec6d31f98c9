"""Writes the 1000 ImageNet classes in model order, with WordNet's lemmas and glosses.

    pip download --no-deps timm==1.0.31
    python tools/convert/imagenet_labels.py timm-1.0.31-py3-none-any.whl

Reads three text files out of the wheel; nothing of it is imported or installed.
"""

import json
import sys
import zipfile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "packages" / "weights-efficientnet-lite0"


def main(wheel: str) -> None:
    with zipfile.ZipFile(wheel) as archive:

        def read(name: str) -> list[str]:
            return archive.read(f"timm/data/_info/{name}").decode("utf-8").splitlines()

        wnids = read("imagenet_synsets.txt")
        lemmas = dict(line.split("\t", 1) for line in read("imagenet_synset_to_lemma.txt"))
        glosses = dict(line.split("\t", 1) for line in read("imagenet_synset_to_definition.txt"))

    if len(wnids) != 1000 or len(set(wnids)) != 1000:
        raise SystemExit(f"expected 1000 distinct synsets; found {len(set(wnids))}")
    rows = [{"wnid": w, "name": lemmas[w], "definition": glosses[w]} for w in wnids]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (PACKAGE / "src" / "labels.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: imagenet_labels.py <timm wheel>")
    main(sys.argv[1])
