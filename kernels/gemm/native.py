"""The native products (kernels/native/gemm*.c) as variants.

native           sums in float32, by multiply-adds, or by tiles where they are exact
native-dot       bfloat16 by instructions that add two products at once
native-fp16acc   sums in float16, rounded at every step: for the study of accuracy
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tenbin.dtypes import named
from tenbin.kernels.gemm.variant import Array
from tenbin.kernels.native import lacking, load


def native(operation: str) -> Callable[[Array, Array, Array], Array]:
    """Return the product of that name, on as many threads as OpenMP has."""

    def run(a: Array, b: Array, out: Array) -> Array:
        load().gemm(operation, named(out), a, b, out)
        return out

    return run


def tell(operation: str) -> Callable[[Array, Array, Array, int], Mapping[str, Any]]:
    """Return what says which kernel, ISA and threads compute a product."""

    def plan(a: Array, b: Array, out: Array, threads: int) -> Mapping[str, Any]:
        told = load().gemm_plan(operation, named(out), a, b, out, threads)
        return {"blas": "none", **told}

    return plan


def lacks(operation: str, dtype: str) -> Callable[[], str]:
    """Return what says why this machine lacks the product, or an empty string."""
    return partial(lacking, operation, dtype)
