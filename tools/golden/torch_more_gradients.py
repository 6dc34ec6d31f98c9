"""PyTorch's outputs and gradients for activations, reductions, indexing and blocks of transformers.

    pip install -r tools/golden/requirements.txt
    python tools/golden/torch_more_gradients.py

Made as tools/golden/torch_gradients.py makes its file: float32 inputs by recipe, PyTorch in float64.
"""

from torch_gradients import write
from torch_more_cases import CASES

SCRIPT = "tools/golden/torch_more_gradients.py"

if __name__ == "__main__":
    write(SCRIPT, "torch-more-gradients.json", CASES)
