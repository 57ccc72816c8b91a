"""Intervals of a median over few launches, from order statistics.

    x[0] <= x[1] <= ... <= x[n-1]

    [ x[k], x[n-1-k] ]  covers the true median with probability
    1 - 2 P(Binomial(n, 1/2) <= k)

whatever the distribution. From 6 values on that is at least 95 %; below, the full range
is all there is, and `level` says what it is worth.
"""

import math
from collections.abc import Sequence
from functools import cache

from tenbin.stats import CONFIDENCE, interval_rank

FEWEST = 3  # launches; below, no interval is given
_EXACT = 1000


@cache
def median_rank(n: int) -> int:
    """Return k: the 0-based rank of the lower end of the interval.

    >>> median_rank(5), median_rank(6), median_rank(10), median_rank(100)
    (0, 0, 1, 39)
    """
    return max(interval_rank(n) - 1, 0)


@cache
def level(n: int) -> float:
    """Return the probability with which the interval of n values covers the median.

    >>> level(3), level(5), round(level(6), 3)
    (0.75, 0.9375, 0.969)
    """
    if n > _EXACT:
        return CONFIDENCE
    below = sum(math.comb(n, i) for i in range(median_rank(n) + 1))
    return 1.0 - 2.0 * below / 2.0**n if n else 0.0


def median(ordered: Sequence[float]) -> float:
    """Return the median of values in ascending order.

    >>> median([1.0, 2.0, 4.0]), median([1.0, 2.0])
    (2.0, 1.5)
    """
    n = len(ordered)
    return (ordered[(n - 1) // 2] + ordered[n // 2]) / 2.0
