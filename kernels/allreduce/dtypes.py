"""How a dtype is stored in NumPy and what adds it.

NumPy has no bfloat16: its bits are kept as uint16, moved as bytes, and added by the
native loops, which know what they are. float16 is added there too: NumPy converts one
element at a time.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tenbin import device
from tenbin.errors import TenbinError
from tenbin.kernels import native

# dtype -> largest sum of integers that is exact in any order
EXACT_SUM = {"float32": 2**24, "float64": 2**53, "float16": 2**11, "bfloat16": 2**8}
NATIVE = ("float16", "bfloat16")

Buffer = NDArray[Any]


def storage(dtype: str) -> np.dtype[Any]:
    """Return the dtype of the arrays that hold it."""
    return np.dtype("uint16" if dtype == "bfloat16" else dtype)


def store(integers: ArrayLike, dtype: str) -> Buffer:
    """Return exact integers in the storage of a dtype."""
    if dtype != "bfloat16":
        return np.asarray(integers).astype(dtype)
    bits = np.asarray(integers, dtype=np.float32).view(np.uint32)
    return (bits >> 16).astype(np.uint16)


def lacks(dtype: str) -> str:
    """Return why nothing can add the dtype here, or an empty string."""
    if dtype not in NATIVE:
        return ""
    try:
        native.load().chosen("add", dtype)
    except (TenbinError, ValueError) as reason:
        return f"{dtype} has no add: {reason}"
    return ""


def adds(dtype: str) -> dict[str, str]:
    """Return what adds messages of the dtype, for the record."""
    return adds_natively(dtype) if dtype in NATIVE else {"adds": "numpy"}


def adds_natively(dtype: str) -> dict[str, str]:
    """Return the native add of the dtype, for the record."""
    return {"adds": f"native {native.load().chosen('add', dtype)}"}


def accumulate(dtype: str, target: Buffer, other: Buffer) -> Callable[[], object]:
    """Return the call of `target += other`; both keep their size and place."""
    if dtype not in NATIVE or device.holds(target):
        return partial(device.module_of(target).add, target, other, target)
    add = native.load().add
    return partial(add, (target,), (target, other), dtype, 0, target.size)
