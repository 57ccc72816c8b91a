"""How a dtype is stored in NumPy: those that it lacks as their bits.

bfloat16      uint16   the upper half of a float32
float8_e4m3   uint8    sign, 4 bits of exponent (bias 7), 3 of mantissa; no infinity,
                       largest 448 (Micikevicius et al., arXiv:2209.05433)
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

BITS: dict[str, np.dtype[Any]] = {
    "bfloat16": np.dtype(np.uint16),
    "float8_e4m3": np.dtype(np.uint8),
}
NAMES = {dtype: name for name, dtype in BITS.items()}
# Products of 8-bit numbers are kept in 16 bits.
RESULTS = {"float8_e4m3": "float16"}


def storage(dtype: str) -> np.dtype[Any]:
    """Return the dtype of the arrays that hold it."""
    return BITS[dtype] if dtype in BITS else np.dtype(dtype)


def result(dtype: str) -> str:
    """Return the dtype that sums of products of this dtype are kept in."""
    return RESULTS.get(dtype, dtype)


def named(array: Array) -> str:
    """Return the dtype that an array of floating-point numbers holds.

    >>> named(narrow(np.ones(2), "bfloat16"))
    'bfloat16'
    """
    return NAMES.get(np.dtype(array.dtype), str(array.dtype))


def widen(stored: Array, dtype: str, to: str) -> Array:
    """Return the values as float32 or float64, exactly."""
    if dtype == "bfloat16":
        stored = (stored.astype(np.uint32) << 16).view(np.float32)
    if dtype == "float8_e4m3":
        stored = _e4m3()[stored]
    with np.errstate(invalid="ignore"):  # a signalling NaN
        return stored.astype(to, copy=False)


def narrow(values: Array, dtype: str) -> Array:
    """Return the values rounded to a dtype, to nearest even, infinite if too large.

    float8_e4m3, which has no infinity, keeps its largest number instead.
    """
    if dtype == "float8_e4m3":
        return _narrow_e4m3(np.asarray(values))
    if dtype != "bfloat16":
        with np.errstate(over="ignore"):
            return values.astype(dtype, copy=False)
    bits = values.astype(np.float32, copy=False).view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
    quiet = (bits >> 16) | 0x40  # a NaN must not round to infinity
    return np.where(np.isnan(values), quiet, rounded).astype(np.uint16)


@cache
def _e4m3() -> NDArray[np.float32]:
    """Return the values of all 256 bit patterns."""
    bits = np.arange(128)
    exponent, mantissa = bits >> 3, bits & 7
    normal = np.ldexp(1.0 + mantissa / 8.0, exponent - 7)
    positive = np.where(exponent == 0, np.ldexp(mantissa / 8.0, -6), normal)
    positive[127] = np.nan
    return np.concatenate([positive, -positive]).astype(np.float32)


def _narrow_e4m3(values: Array) -> Array:
    finite = _e4m3()[:127].astype(np.float64)
    halfway = (finite[1:] + finite[:-1]) / 2
    size = np.abs(values).astype(np.float64)
    below = np.searchsorted(halfway, size, side="left")
    tie = (below < 126) & (size == halfway[np.minimum(below, 125)])
    bits = np.where(tie & (below % 2 == 1), below + 1, below)
    bits = np.where(np.isnan(size), 127, bits)
    signed: Array = bits + 128 * np.signbit(values)
    return signed.astype(np.uint8)
