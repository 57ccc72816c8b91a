"""How a dtype is stored in NumPy: bfloat16, which it lacks, as its bits in uint16."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def storage(dtype: str) -> np.dtype[Any]:
    """Return the dtype of the arrays that hold it."""
    return np.dtype("uint16" if dtype == "bfloat16" else dtype)


def named(array: Array) -> str:
    """Return the dtype that an array of floating-point numbers holds.

    >>> named(narrow(np.ones(2), "bfloat16"))
    'bfloat16'
    """
    return "bfloat16" if array.dtype == np.uint16 else str(array.dtype)


def widen(stored: Array, dtype: str, to: str) -> Array:
    """Return the values as float32 or float64, exactly."""
    if dtype == "bfloat16":
        stored = (stored.astype(np.uint32) << 16).view(np.float32)
    return stored.astype(to, copy=False)


def narrow(values: Array, dtype: str) -> Array:
    """Return the values rounded to a dtype, to nearest even, infinite if too large."""
    if dtype != "bfloat16":
        with np.errstate(over="ignore"):
            return values.astype(dtype, copy=False)
    bits = values.astype(np.float32, copy=False).view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    quiet = (bits >> 16) | 0x40  # a NaN must not round to infinity
    return np.where(np.isnan(values), quiet, rounded).astype(np.uint16)
