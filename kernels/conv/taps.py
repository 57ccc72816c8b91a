"""The pixels that meet under one tap of the filter, with padding left out.

input   . x x x x .        tap s sees columns q stride + s dilation - padding:
tap 0   [ ]                the outputs whose column lies in the image, and those
tap 1     [ ]              columns, as slices of the same length
tap 2       [ ]
"""

from collections.abc import Iterator

from tenbin.kernels.conv.problem import ConvProblem

Window = tuple[slice, slice]  # of rows, of columns


def taps(problem: ConvProblem) -> Iterator[tuple[int, int, Window, Window]]:
    """Yield r, s, the window of the output and the window of the input under them."""
    for r in range(problem.r):
        for s in range(problem.s):
            out_rows, rows = _slices(problem, problem.h, problem.p, r)
            out_columns, columns = _slices(problem, problem.w, problem.q, s)
            yield r, s, (out_rows, out_columns), (rows, columns)


def _slices(problem: ConvProblem, size: int, out: int, tap: int) -> tuple[slice, slice]:
    first, count = problem.clipped(size, out, tap)
    start = first * problem.stride + tap * problem.dilation - problem.padding
    stop = start + (count - 1) * problem.stride + 1 if count else start
    return slice(first, first + count), slice(start, stop, problem.stride)
