"""PyTorch, if it is installed: the peer that everybody has."""

from importlib.util import find_spec
from typing import Any

from tenbin.dtypes import named
from tenbin.kernels.gemm.variant import Array


def missing() -> str:
    """Return that torch is not installed, or an empty string."""
    return "" if find_spec("torch") else "torch is not installed: tenbin[torch]"


def torch(a: Array, b: Array, out: Array) -> Array:
    """Multiply into `out`; the tensors are views of the arrays, transposed or not."""
    import torch as pt

    with pt.inference_mode():
        pt.matmul(_tensor(a), _tensor(b), out=_tensor(out))
    return out


def _tensor(array: Array) -> Any:
    import torch as pt

    tensor = pt.from_numpy(array)
    return tensor.view(pt.bfloat16) if named(array) == "bfloat16" else tensor
