"""cuBLAS by its own call, where CuPy hides a choice: which arithmetic sums.

    cublas_32f    halves, bfloat16 or float32, summed in float32   CUBLAS_COMPUTE_32F
    cublas_16f    halves summed in halves, scalars in half, too    CUBLAS_COMPUTE_16F
    cublas_tf32   float32 rounded to TF32 (11 bits)                ..._32F_FAST_TF32

cuBLAS is column-major: asked for C^T = op(B)^T op(A)^T. It takes bfloat16 as bits;
CuPy would need ml_dtypes for it. `cupy.dot` knows TF32 by the environment variable
CUPY_TF32 alone, which it reads once.
"""

from collections.abc import Callable

import numpy as np

from tenbin.check import TENSOR_CORE
from tenbin.device import blas_handle, synchronise
from tenbin.dtypes import named
from tenbin.kernels.gemm.variant import Array

ACCUMULATE: dict[str, dict[str, str]] = {
    "cublas_32f": {
        "float16": TENSOR_CORE,
        "bfloat16": TENSOR_CORE,
        "float32": "float32",
    },
    "cublas_16f": {"float16": "float16"},
    "cublas_tf32": {"float32": "tf32"},
}
# cudaDataType of the operands; cublasComputeType_t and dtype of alpha and beta
CUDA_R = {"float32": 0, "float16": 2, "bfloat16": 14}
COMPUTE = {
    "cublas_32f": (68, "float32"),
    "cublas_16f": (64, "float16"),
    "cublas_tf32": (77, "float32"),
}
DEFAULT_ALGORITHM = -1


def cublas(name: str) -> Callable[[Array, Array, Array], Array]:
    """Return the function that multiplies with the arithmetic of that name."""
    compute, scalar = COMPUTE[name]
    one, zero = np.ones(1, scalar), np.zeros(1, scalar)

    def run(a: Array, b: Array, out: Array) -> Array:
        from cupy.cuda import cublas as library

        kind = CUDA_R[named(out)]
        (transpose_b, transpose_a), (ldb, lda, ldc) = as_columns(a, b, out)
        library.gemmEx(
            blas_handle(),
            *(transpose_b, transpose_a),
            *(b.shape[1], *a.shape),
            one.ctypes.data,
            *(b.data.ptr, kind, ldb),
            *(a.data.ptr, kind, lda),
            zero.ctypes.data,
            *(out.data.ptr, kind, ldc),
            *(compute, DEFAULT_ALGORITHM),
        )
        synchronise()
        return out

    return run


def as_columns(
    a: Array, b: Array, out: Array
) -> tuple[tuple[int, int], tuple[int, int, int]]:
    """Return the operations on B and A, and the leading dimensions of B, A and C.

    Row-major storage is the transpose in columns, so C^T = B^T A^T takes it as it is; a
    transposed view must be turned.

    >>> a, b, c = np.ones((2, 3)), np.ones((4, 3)).T, np.ones((2, 4))
    >>> as_columns(a, b, c)
    ((1, 0), (3, 3, 4))
    """
    turned = [not matrix.flags.c_contiguous for matrix in (b, a)]
    ldb, lda = b.shape[not turned[0]], a.shape[not turned[1]]
    return (int(turned[0]), int(turned[1])), (ldb, lda, out.shape[1])
