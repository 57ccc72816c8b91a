"""Memory straight from the system, whatever was allocated and freed before.

An allocator hands out again what it has had, perhaps in large pages because an array of
4 MiB once lay there. Messages out of large pages are up to twice as fast, so that the
time of a case would depend on the cases before it.
"""

import mmap
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

LARGE_PAGES_FROM = 2**22  # bytes; there NumPy asks for large pages, too


def fresh(count: int, dtype: DTypeLike) -> NDArray[Any]:
    """Return `count` zeros that begin a page; they are written, so that pages exist."""
    dtype = np.dtype(dtype)
    memory = mmap.mmap(-1, max(1, count * dtype.itemsize))
    if len(memory) >= LARGE_PAGES_FROM and hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # a kernel without them
            memory.madvise(mmap.MADV_HUGEPAGE)
    array = np.frombuffer(memory, dtype, count)
    array.fill(0)
    return array
