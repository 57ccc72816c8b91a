"""What adds a dtype, and which sums of it are exact.

NumPy has no bfloat16: its bits (`tenbin.dtypes`) are moved as bytes, and added by the
native loops, which know what they are. float16 is added there too: NumPy converts one
element at a time.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tenbin import device
from tenbin.dtypes import narrow
from tenbin.kernels import native

# dtype -> largest sum of integers that is exact in any order
EXACT_SUM = {"float32": 2**24, "float64": 2**53, "float16": 2**11, "bfloat16": 2**8}
NATIVE = ("float16", "bfloat16")

Buffer = NDArray[Any]


def store(integers: ArrayLike, dtype: str) -> Buffer:
    """Return exact integers in the storage of a dtype."""
    return narrow(np.asarray(integers), dtype)


def lacks(dtype: str) -> str:
    """Return why nothing can add the dtype here, or an empty string."""
    if dtype not in NATIVE:
        return ""
    reason = native.lacking("add", dtype)
    return f"{dtype} has no add: {reason}" if reason else ""


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
