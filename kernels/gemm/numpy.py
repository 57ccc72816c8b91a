"""NumPy's product: BLAS for float32 and float64, a plain loop for float16."""

import numpy as np

from tenbin.kernels.gemm.variant import Array


def numpy(a: Array, b: Array, out: Array) -> Array:
    """Multiply into `out`; BLAS takes transposed views as they are, without a copy."""
    return np.matmul(a, b, out=out)
