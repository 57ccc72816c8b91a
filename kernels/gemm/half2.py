"""GEMM on a GPU by the kernels of kernels/cuda/gemm.cu, in half precision.

Operands are read where they lie, along the depth or across it.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np

from tenbin import device
from tenbin.kernels import cuda
from tenbin.kernels.gemm.variant import Array

FIELDS = "m n k a_line a_depth b_line b_depth"
SIZES = np.dtype([(name, np.int64) for name in FIELDS.split()])  # struct Sizes


def half2(math: str) -> Callable[[Array, Array, Array], Array]:
    """Return the function that multiplies by the kernel `gemm_<math>`."""

    @cache
    def kernel() -> Any:
        return device.kernel(cuda.source("gemm.cu"), f"gemm_{math}", cuda.OPTIONS)

    def run(a: Array, b: Array, out: Array) -> Array:
        blocks = cuda.grid(*out.shape)
        kernel()(blocks, (cuda.THREADS,), (a, b, out, sizes(a, b)))
        device.synchronise()
        return out

    return run


def tell(math: str) -> Callable[[Array, Array, Array, int], Mapping[str, Any]]:
    """Return what says that no library computes a product, but a kernel of ours."""
    return lambda a, b, out, threads: {"blas": "none", "kernel": f"gemm_{math}"}


def sizes(a: Array, b: Array) -> Array:
    """Return `struct Sizes` of gemm.cu, as an array of one; strides in elements."""
    (m, k), n = a.shape, b.shape[1]
    a_line, a_depth = (stride // a.itemsize for stride in a.strides)
    b_depth, b_line = (stride // b.itemsize for stride in b.strides)
    return np.array([(m, n, k, a_line, a_depth, b_line, b_depth)], SIZES)
