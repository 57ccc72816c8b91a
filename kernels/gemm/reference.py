"""The obvious product, in float64 and without BLAS: the oracle, slow and right."""

import numpy as np

from tenbin.kernels.gemm.variant import Array


def reference(a: Array, b: Array, out: Array) -> Array:
    """Add up the products in float64, one loop over k, and round once into `out`."""
    wide_a = a.astype(np.float64, order="C")
    wide_b = b.astype(np.float64, order="C")
    out[...] = np.einsum("ik,kj->ij", wide_a, wide_b)
    return out
