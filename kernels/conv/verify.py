"""Judging a convolution element by element, and saying how far it is from exact.

Every element keeps the bound of `tenbin.check` on the rounded operands, with the
constant c of its algorithm. Where float64 itself leaves the range of the dtype, the
result must be the same infinity; where it is not a number, so must the result be.

What computes a tile of outputs at once spreads errors over it, and adds up the taps of
a filter before it multiplies: an output of few and small products, in a corner of a
padded image of few channels, has the errors of its neighbours. Its S is what the tile
shares: each tap as large as the largest of its filter, and the largest such sum of all
outputs that may be in the tile.

The accuracy that goes with the time of a record:

    relative_l2   |computed - exact| / |exact|, over all elements
    bias          mean signed error / root mean square of exact
    excess        largest error beyond one rounding of the output, in units of 2^-24 S:
                  what the algorithm adds to the dtype
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tenbin.check import HALF_SMALLEST, UNIT_ROUNDOFF, Check, bound, within
from tenbin.dtypes import Array, widen
from tenbin.kernels.conv.operands import as_nhwc
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.reference import convolve

METHOD = "element-wise against float64"
C_ORACLE = 8.0
# the smallest number that rounds to infinity
OVERFLOW = {
    "float16": 65520.0,
    "bfloat16": (2.0 - 2.0**-8) * 2.0**127,
    "float32": (2.0 - 2.0**-24) * 2.0**127,
}


@dataclass(frozen=True)
class Oracle:
    """What a right result is: `exact`, S as `magnitude`, the `allowed` error."""

    dtype: str
    layout: str
    exact: NDArray[np.float64]
    magnitude: NDArray[Any]
    allowed: NDArray[np.float64]


@dataclass(frozen=True)
class Accuracy:
    """How far a result is from exact; see above."""

    relative_l2: float
    bias: float
    excess: float


def exact_sums(
    problem: ConvProblem, first: Array, second: Array, dtype: str
) -> NDArray[np.float64]:
    """Return the exact result, as (N, H, W, C) or (K, R, S, C)."""
    wide = (widen(a, dtype, "float64") for a in (first, second))
    with np.errstate(invalid="ignore", over="ignore"):
        return convolve(problem, *(as_nhwc(a, problem.layout) for a in wide))


def absolute_sums(
    problem: ConvProblem, first: Array, second: Array, dtype: str, tile: int = 1
) -> NDArray[Any]:
    """Return S of the same shape, as tiles of `tile` x `tile` outputs share it."""

    def summed(to: str) -> NDArray[Any]:
        wide = (np.abs(widen(a, dtype, to)) for a in (first, second))
        x, w = (as_nhwc(a, problem.layout) for a in wide)
        if tile > 1:
            w = np.broadcast_to(w.max((1, 2), keepdims=True), w.shape)
        return _largest_nearby(convolve(problem, x, w), tile - 1)

    with np.errstate(invalid="ignore", over="ignore"):
        magnitude = summed("float32")
        if np.isfinite(magnitude).all():
            return magnitude
        return summed("float64")  # or all would be allowed


def _largest_nearby(sums: NDArray[Any], reach: int) -> NDArray[Any]:
    """Return the largest of the sums up to `reach` rows and columns away."""
    for axis in (1, 2) if reach else ():
        around = [(reach, reach) if i == axis else (0, 0) for i in range(4)]
        windows = sliding_window_view(np.pad(sums, around), 2 * reach + 1, axis)
        sums = windows.max(-1)
    return sums


def oracle(
    problem: ConvProblem,
    first: Array,
    second: Array,
    dtype: str,
    accumulate: str,
    c: float,
    tile: int = 1,
) -> Oracle:
    """Return what the result must be, where sums are kept in dtype `accumulate`."""
    exact = exact_sums(problem, first, second, dtype)
    magnitude = absolute_sums(problem, first, second, dtype, tile)
    return Oracle(
        dtype,
        problem.layout,
        exact,
        magnitude,
        allowed(exact, magnitude, dtype, accumulate, c),
    )


def allowed(
    exact: NDArray[np.float64],
    magnitude: NDArray[Any],
    dtype: str,
    accumulate: str,
    c: float,
) -> NDArray[np.float64]:
    """Return the largest error of each element, that of the oracle itself included.

    A sum in float16, whose c is the root of its terms, also loses up to half the
    smallest number in each of them (Higham 2002, eq. 2.8).
    """
    own = C_ORACLE * UNIT_ROUNDOFF["float64"] * magnitude
    underflow = c**2 * HALF_SMALLEST[accumulate] if accumulate in HALF_SMALLEST else 0.0
    return bound(exact, magnitude, dtype, accumulate, c) + own + underflow


def judge(result: Array, right: Oracle) -> Check:
    """Judge every element; the error is the worst in units of its bound."""
    wide = as_nhwc(widen(result, right.dtype, "float64"), right.layout)
    if np.isfinite(wide).all() and np.isfinite(right.exact).all():
        return within(wide, right.exact, right.allowed, METHOD)
    limit = OVERFLOW[right.dtype]
    same = (wide == right.exact) | (np.isnan(wide) & np.isnan(right.exact))
    # an infinity stands for all numbers that round to it
    nearest = np.where(wide > 0, np.maximum(right.exact, limit), -limit)
    nearest = np.where(wide < 0, np.minimum(right.exact, -limit), nearest)
    computed = np.where(np.isinf(wide), nearest, wide)
    computed, exact = (np.where(same, 0.0, a) for a in (computed, right.exact))
    return within(computed, exact, np.where(same, 1.0, right.allowed), METHOD)


def accuracy(result: Array, right: Oracle) -> Accuracy:
    """Return how far a result without infinities is from exact.

    Where all of it is zero, as behind nothing but padding, errors are absolute.
    """
    wide = as_nhwc(widen(result, right.dtype, "float64"), right.layout)
    error = wide - right.exact
    size = float(np.sqrt(np.mean(np.square(right.exact)))) or 1.0
    rounding = (
        UNIT_ROUNDOFF[right.dtype] * np.abs(right.exact) + HALF_SMALLEST[right.dtype]
    )
    beyond = np.maximum(np.abs(error) - rounding, 0.0)
    unit = UNIT_ROUNDOFF["float32"] * right.magnitude
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = np.where(beyond == 0.0, 0.0, beyond / unit)
    return Accuracy(
        relative_l2=float(np.sqrt(np.mean(np.square(error)))) / size,
        bias=float(np.mean(error)) / size,
        excess=float(np.max(excess)),
    )
