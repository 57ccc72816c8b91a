"""Run every kernel on operands between forbidden pages: a read beyond them is fatal.

python tests/cuda/guarded.py LIBRARY
"""

import ctypes
import mmap
import sys
from typing import Any

import numpy as np

from tenbin.kernels import cuda
from tenbin.kernels.conv import half2
from tenbin.kernels.conv.operands import empty_result, operands
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.split import share
from tenbin.kernels.gemm import half2 as gemm

PAGE = mmap.PAGESIZE
FORBIDDEN = 0  # PROT_NONE
CONVOLUTIONS = (
    ConvProblem(1, 5, 7, 6, 3, 3, 2, 2, 1),
    ConvProblem(2, 16, 9, 9, 70, 3, 3, 1, 2, 2),
    ConvProblem(1, 9, 8, 5, 6, 1, 3, 1, 0, 1, 3),
    ConvProblem(1, 16, 9, 7, 12, 3, 3, 3, 1, 1, 2, "backward-data"),
)
PRODUCTS = ((1, 1, 1), (33, 17, 5), (130, 70, 48))


def guard(array: Any, at_end: bool) -> tuple[int, mmap.mmap]:
    """Copy an array to a page's start or end, between two forbidden pages."""
    size = -(-array.nbytes // PAGE) * PAGE
    memory = mmap.mmap(-1, size + 2 * PAGE)
    base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for page in (base, base + PAGE + size):
        assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(page), PAGE, FORBIDDEN) == 0
    start = base + PAGE + (size - array.nbytes if at_end else 0)
    ctypes.memmove(start, np.ascontiguousarray(array).ctypes.data, array.nbytes)
    return start, memory


def launch(
    library: ctypes.CDLL, name: str, arrays: Any, sizes: Any, blocks: Any
) -> None:
    """Run one kernel twice, with its operands at either end of their pages."""
    for at_end in (False, True):
        held = [guard(array, at_end) for array in arrays]
        pointers = [ctypes.c_void_p(start) for start, _ in held]
        run = library[f"launch_{name.partition('_')[0]}"]
        size = ctypes.c_void_p(sizes.ctypes.data)
        run(library[name], *pointers, size, (ctypes.c_int * 3)(*blocks))


def main(library: ctypes.CDLL) -> None:
    """Run all kernels over shapes with tails on every side."""
    for problem in CONVOLUTIONS:
        x, w = operands(problem, share(problem, 1, 0), "float16", 1)
        arrays = x, half2.rotated(problem, w), empty_result(problem, "float16")
        for math in cuda.ACCUMULATE:
            sizes, blocks = half2.shape(problem), half2.grid(problem)
            launch(library, f"conv_{math}", arrays, sizes, blocks)
    for m, n, k in PRODUCTS:
        a, b, c = (np.ones(shape, np.float16) for shape in ((m, k), (k, n), (m, n)))
        for math in cuda.ACCUMULATE:
            for left, right in ((a, b), (np.asfortranarray(a), np.asfortranarray(b))):
                sizes = gemm.sizes(left, right)
                stored = (left.ravel(order="K"), right.ravel(order="K"), c)
                launch(library, f"gemm_{math}", stored, sizes, cuda.grid(m, n))


if __name__ == "__main__":
    main(ctypes.CDLL(sys.argv[1]))
