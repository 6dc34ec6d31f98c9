"""PyTorch's outputs and gradients for pooling, normalisation, transposed and one-dimensional convolutions.

    pip install -r tools/golden/requirements.txt
    python tools/golden/torch_nn_gradients.py

Made as tools/golden/torch_gradients.py makes its file: float32 inputs by recipe, PyTorch in float64. Of a tensor with more
than 48 elements every n-th is kept.
"""

import torch_gradients
from torch_nn_cases import CASES

SCRIPT = "tools/golden/torch_nn_gradients.py"
KEPT = 48

if __name__ == "__main__":
    torch_gradients.KEPT = KEPT
    torch_gradients.write(SCRIPT, "torch-nn-gradients.json", CASES)
