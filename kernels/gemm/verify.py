"""Judging C = A B without computing it twice: sampled rows and a projection of all.

1. Rows. Up to 64 rows of C are computed in float64, and every element of them must
   keep the bound of `tenbin.check`, with c = 8 for its own sum and for the oracle's.

2. Projection (after Freivalds, 1977). Neighbouring columns, 32 to a strip, are added
   up with random weights x, 1 <= |x| < 2, and so are those of the bounds:

       C x - A (B x)            must stay within          sum of |x| bound
       (m, n/32)

   The bound is deterministic, so a right result is never rejected. A single wrong
   element shows for certain when it is off by twice the bound of its strip, which is
   at most 4 x 32 = 128 times the mean bound of the 32 elements (1280 times where the
   sums are float64, whose oracle rounds as much as they do): in float32 with k = 2048
   that is 2e-3 of a typical element. Random weights show exchanged columns too.

Cost, once per case: 4 x 64 n k flops for the rows, 4 m n k / 32 for the projection, all
in float64 (BLAS); for each result one pass over C. A and B are widened piece by piece.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.check import HALF_SMALLEST, UNIT_ROUNDOFF, Check, bound, within
from tenbin.dtypes import result, widen

Float64 = NDArray[np.float64]

C_SUM = 8.0
ROWS = 64
ROWS_FLOPS = 4 * 10**9
STRIP = 32
PIECE = 2**22  # elements widened to float64 at a time
METHOD = "element-wise on sampled rows, projected on all"


@dataclass(frozen=True)
class Oracle:
    """What a right result must be: on `rows` exactly, on all rows in projection.

    `exact` and `allowed` are (rows, n); `projected`, and `projected_allowed` without
    the rounding of the output, are (m, strips).
    """

    dtype: str
    rows: NDArray[np.intp]
    exact: Float64
    allowed: Float64
    weights: Float64
    projected: Float64
    projected_allowed: Float64


def oracle(
    a: NDArray[Any],
    b: NDArray[Any],
    dtype: str,
    accumulate: str,
    seed: int,
    c: float = C_SUM,
) -> Oracle:
    """Return what C = A B must be, where sums are kept in dtype `accumulate`."""
    (m, k), n = a.shape, b.shape[1]
    random = np.random.default_rng(seed)
    count = max(1, min(ROWS, m, ROWS_FLOPS // (4 * n * k)))
    rows = np.sort(random.choice(m, size=count, replace=False))
    weights = _weights(n, random)
    exact, magnitude, projected, projected_magnitude = _sums(a, b, dtype, rows, weights)
    own = UNIT_ROUNDOFF["float64"]
    kept = result(dtype)
    allowed = bound(exact, magnitude, kept, accumulate, c) + C_SUM * own * magnitude
    per_sum = c * UNIT_ROUNDOFF[accumulate] + (C_SUM + 2 * STRIP) * own
    projected_allowed = per_sum * projected_magnitude + 2 * STRIP * HALF_SMALLEST[kept]
    return Oracle(kept, rows, exact, allowed, weights, projected, projected_allowed)


def _sums(
    a: NDArray[Any],
    b: NDArray[Any],
    dtype: str,
    rows: NDArray[np.intp],
    weights: Float64,
) -> tuple[Float64, Float64, Float64, Float64]:
    """Return C and S on `rows`, and both projected on all rows."""
    (m, k), n = a.shape, b.shape[1]
    exact, magnitude = np.zeros((2, len(rows), n))
    projected, projected_magnitude = np.zeros((2, m, -(-n // STRIP)))
    for piece in _pieces(k, m + n):
        wide_a = np.array(widen(a[:, piece], dtype, "float64"))
        wide_b = np.array(widen(b[piece], dtype, "float64"))
        strips, absolute_strips = _project(wide_b, weights)
        exact += wide_a[rows] @ wide_b
        projected += wide_a @ strips
        np.abs(wide_a, out=wide_a)
        np.abs(wide_b, out=wide_b)
        magnitude += wide_a[rows] @ wide_b
        projected_magnitude += wide_a @ absolute_strips
    return exact, magnitude, projected, projected_magnitude


def judge(c: NDArray[Any], right: Oracle) -> Check:
    """Judge every element of C; the error is the worst in units of its bound."""
    computed = widen(c[right.rows], right.dtype, "float64")
    rows = within(computed, right.exact, right.allowed, METHOD)
    worst = float(np.max([rows.error, judge_projection(c, right)]))
    return Check(ok=bool(worst <= 1.0), error=worst, method=METHOD)


def judge_projection(c: NDArray[Any], right: Oracle) -> float:
    """Return the worst error of the projection of C in units of its bound, or NaN.

    The output rounds by u |exact| <= u (|c| + error), hence the division by 1 - u.
    """
    u_out = UNIT_ROUNDOFF[right.dtype]
    worst = [0.0]
    for piece in _pieces(c.shape[0], c.shape[1]):
        with np.errstate(invalid="ignore", over="ignore"):
            strips, absolute_strips = _project(
                widen(c[piece], right.dtype, "float64"), right.weights
            )
            allowed = u_out * absolute_strips + right.projected_allowed[piece]
            allowed /= 1.0 - u_out
        worst.append(within(strips, right.projected[piece], allowed, METHOD).error)
    return float(np.max(worst))


def _weights(n: int, random: np.random.Generator) -> Float64:
    """Return n signed weights of 8 bits, 1 <= |x| < 2: exact products with float32."""
    sizes = 1.0 + random.integers(128, size=n) / 128.0
    return np.asarray(sizes * random.choice((-1.0, 1.0), size=n))


def _project(wide: Float64, weights: Float64) -> tuple[Float64, Float64]:
    """Return the weighted sums of each strip of columns, and those of the sizes."""
    products = wide * weights
    starts = np.arange(0, len(weights), STRIP)
    strips = np.add.reduceat(products, starts, axis=1)
    np.abs(products, out=products)
    return strips, np.add.reduceat(products, starts, axis=1)


def _pieces(length: int, width: int) -> Iterator[slice]:
    step = max(1, PIECE // width)
    for start in range(0, length, step):
        yield slice(start, start + step)
