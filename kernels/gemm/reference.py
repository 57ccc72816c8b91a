"""The obvious product, in float64 and without BLAS: the oracle, slow and right."""

import numpy as np

from tenbin.dtypes import named, narrow, widen
from tenbin.kernels.gemm.variant import Array


def reference(a: Array, b: Array, out: Array) -> Array:
    """Add up the products in float64, one loop over k, and round once into `out`."""
    wide_a = np.ascontiguousarray(widen(a, named(a), "float64"))
    wide_b = np.ascontiguousarray(widen(b, named(b), "float64"))
    out[...] = narrow(np.einsum("ik,kj->ij", wide_a, wide_b), named(out))
    return out
