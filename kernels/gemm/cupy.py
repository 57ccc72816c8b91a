"""cuBLAS through CuPy; float16 accumulates in float32, TF32 is off by default.

CuPy reads CUPY_TF32 once, at its first product of float32: set, it rounds operands to
TF32, and the check allows for that. The variant `cublas_tf32` asks for it by itself.
"""

from tenbin.check import TENSOR_CORE
from tenbin.device import single, synchronise
from tenbin.kernels.gemm.variant import Array


def sums() -> dict[str, str]:
    """Return the dtype that bounds the sums of each dtype, as CuPy will choose it."""
    return {"float32": single(), "float64": "float64", "float16": TENSOR_CORE}


def cupy(a: Array, b: Array, out: Array) -> Array:
    """Multiply into `out` on the device and wait for it.

    `dot` hands transposed views and `out` to cuBLAS as they are; `matmul` may copy.
    """
    import cupy as cp

    cp.dot(a, b, out=out)
    synchronise()
    return out
