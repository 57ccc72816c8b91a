"""Interval of a ratio of times between two sets of launches: bootstrap-t on logs.

    log t   x  xx x  x  x      y yy  y  yy       d = difference of the means, of 10
              |<- 80 % ->|                       launches or more without the extremes
                                                 s = its error (winsorised, Yuen 1974)
    draw whole launches on either side 1000 times:   t* = (d* - d) / max(s*, s / 2)
    interval   d -+ s x (95 % quantile of |t*|)

Trimming keeps a slow launch from deciding, dividing by s* keeps few launches honest,
and the floor keeps draws of nearly one launch alone from making it endless (Hall, J. R.
Stat. Soc. B 50, 1988, for the symmetric bootstrap-t). Chosen by simulation over
percentile and BCa intervals of medians (77 to 90 % at 3 launches), studentised means
without a floor (five times as wide in one case of twenty), the inverted Mann-Whitney
test (93 % where the noise is unequal) and Welch's (89 % where it is skewed and unequal,
99 % with outliers). `benchmarks/analysis_bars.py` measures its coverage.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tenbin.results.intervals import FEWEST
from tenbin.stats import CONFIDENCE

Floats = NDArray[np.float64]

DRAWS = 1000
TRIMMED = 0.1  # of the launches, at either end
FLOOR = 0.5  # of the error, below which no draw's own error counts
TINY = 1e-12


def ratio_interval(
    over: Sequence[float] | Floats, under: Sequence[float] | Floats
) -> tuple[float, float]:
    """Return the 95 % interval of the ratio of two sets of launch times.

    (nan, nan) below 3 launches on either side. The launches of both are independent,
    their order does not matter, and the ratio of the medians is always inside.
    """
    upper, lower = (np.sort(np.asarray(side, dtype=float)) for side in (over, under))
    if min(upper.size, lower.size) < FEWEST:
        return float("nan"), float("nan")
    upper, lower = np.log(upper), np.log(lower)
    middle, error = _difference(upper[None], lower[None])
    drawn, errors = _difference(
        upper[_draws(upper.size, 1)], lower[_draws(lower.size, 2)]
    )
    t = np.abs(drawn - middle) / np.maximum(errors, max(FLOOR * float(error[0]), TINY))
    half = float(error[0] * np.quantile(t, CONFIDENCE))
    medians = float(np.median(upper) - np.median(lower))
    low, high = float(middle[0]) - half, float(middle[0]) + half
    return float(np.exp(min(low, medians))), float(np.exp(max(high, medians)))


@cache
def _draws(count: int, seed: int) -> NDArray[np.int64]:
    """Return the same draws for the same count: identical data, identical bytes."""
    rng = np.random.default_rng([seed, count])
    return rng.integers(count, size=(DRAWS, count))


def _difference(upper: Floats, lower: Floats) -> tuple[Floats, Floats]:
    (first, a), (second, b) = _trimmed(upper), _trimmed(lower)
    return first - second, np.sqrt(a + b)


def _trimmed(values: Floats) -> tuple[Floats, Floats]:
    """Return trimmed mean and its variance along the rows (Yuen, Biometrika 61)."""
    values = np.sort(values, axis=1)
    n = values.shape[1]
    cut = int(TRIMMED * n)
    kept = n - 2 * cut
    winsorised = np.clip(values, values[:, [cut]], values[:, [n - 1 - cut]])
    spread = winsorised.var(axis=1, ddof=1) * (n - 1) / (kept * (kept - 1))
    mean = values[:, cut : n - cut].mean(axis=1)
    return np.asarray(mean), np.asarray(spread)
