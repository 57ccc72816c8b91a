"""cuBLAS through CuPy; float16 accumulates in float32, TF32 is off by default."""

from tenbin.device import synchronise
from tenbin.kernels.gemm.variant import Array


def cupy(a: Array, b: Array, out: Array) -> Array:
    """Multiply into `out` on the device and wait for it.

    `dot` hands transposed views and `out` to cuBLAS as they are; `matmul` may copy.
    """
    import cupy as cp

    cp.dot(a, b, out=out)
    synchronise()
    return out
