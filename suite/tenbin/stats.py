"""Statistics of repeated times: numpy only, no MPI, nothing assumed normal.

Stamps are arrays of shape (repetitions, ranks) in nanoseconds on one clock.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Stamps = NDArray[np.int64]

CONFIDENCE = 0.95
SIGNIFICANT = 0.05
SMALLEST_BLOCK = 5
ENOUGH = ((75.0, 1), (90.0, 20), (95.0, 100), (99.0, 1000))


def makespans(entry: ArrayLike, exit: ArrayLike) -> Stamps:
    """Return last exit minus first entry of each repetition."""
    return np.asarray(np.max(exit, axis=1) - np.min(entry, axis=1), dtype=np.int64)


@cache
def interval_rank(count: int, confidence: float = CONFIDENCE) -> int:
    """Return the k for which the k-th smallest and k-th largest bound the median.

    The number of values below the median is binomial(count, 1/2), so the interval
    covers with probability 1 - 2 P(X < k); the largest k that keeps `confidence`,
    0 where even the extremes do not (fewer than 6 values at 95 %).
    """
    below = np.arange(count // 2)
    log_choose = np.concatenate(
        ([0.0], np.cumsum(np.log((count - below[:-1]) / (below[:-1] + 1.0))))
    )[: below.size]
    tail = np.cumsum(np.exp(log_choose - count * math.log(2.0)))
    return int(np.count_nonzero(2.0 * tail <= 1.0 - confidence))


def median_interval(
    values: ArrayLike, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Return the order-statistic interval of the median, (nan, nan) where none exists.

    Distribution-free and conservative: it covers with at least `confidence` (David &
    Nagaraja, Order Statistics, 2003, section 7.1). Needs 6 values at 95 %.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    k = interval_rank(ordered.size, confidence)
    if k == 0:
        return math.nan, math.nan
    return float(ordered[k - 1]), float(ordered[-k])


def half_width(values: ArrayLike, confidence: float = CONFIDENCE) -> float:
    """Return half the interval of the median over the median; inf where none exists."""
    low, high = median_interval(values, confidence)
    if math.isnan(low):
        return math.inf
    if high == low:
        return 0.0
    middle = float(np.median(np.asarray(values)))
    return (high - low) / 2.0 / middle if middle > 0.0 else math.inf


def mann_whitney(first: ArrayLike, second: ArrayLike) -> float:
    """Return the two-sided p-value that neither sample tends to be larger.

    Normal approximation with corrections for ties and continuity (Mann & Whitney,
    1947; Lehmann, Nonparametrics, 1975, eq. 1.35).
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    _, place, ties = np.unique(
        np.concatenate((a, b)), return_inverse=True, return_counts=True
    )
    ranks = (np.cumsum(ties) - (ties - 1) / 2.0)[place]
    u = float(ranks[: a.size].sum()) - a.size * (a.size + 1) / 2.0
    total, pairs = a.size + b.size, a.size * b.size
    tied = float(np.sum(ties.astype(np.float64) ** 3 - ties)) / (total * (total - 1))
    variance = pairs / 12.0 * (total + 1 - tied)
    if variance <= 0.0:
        return 1.0
    distance = max(abs(u - pairs / 2.0) - 0.5, 0.0)
    return math.erfc(distance / math.sqrt(2.0 * variance))


def steady(values: ArrayLike, block: int = SMALLEST_BLOCK) -> bool:
    """Return whether the last two blocks of the series do not differ.

    Blocks hold a quarter of the series, at least `block` values; a series too short
    for two of them is not known to be steady.
    """
    series = np.asarray(values, dtype=np.float64)
    size = max(block, series.size // 4)
    if series.size < 2 * size:
        return False
    return mann_whitney(series[-2 * size : -size], series[-size:]) > SIGNIFICANT


def outliers(values: ArrayLike) -> NDArray[np.bool_]:
    """Return which values are far above the rest.

    Far is beyond 5 robust standard deviations (1.4826 MAD) and 10 % of the median.
    """
    series = np.asarray(values, dtype=np.float64)
    middle = np.median(series)
    deviation = 1.4826 * np.median(np.abs(series - middle))
    return np.asarray(series > middle + max(5.0 * deviation, 0.1 * middle))


def percentile(values: ArrayLike, q: float) -> float | None:
    """Return the q-th percentile, None without the data for it.

    p95 (and p5) need 100 values, p99 1000; beyond that ten values in the tail.
    """
    series = np.asarray(values, dtype=np.float64)
    tail = max(q, 100.0 - q)
    needed = next((n for limit, n in ENOUGH if tail <= limit), None)
    if needed is None:
        needed = math.ceil(1000.0 / (100.0 - tail)) if tail < 100.0 else 1
    return float(np.percentile(series, q)) if series.size >= needed else None


@dataclass(frozen=True)
class Straggler:
    """The rank that is last most often, the share of repetitions, and how sure that is.

    `chi_square` is that of the counts against equal shares, with ranks - 1 degrees of
    freedom; `p_value` its upper tail by Wilson & Hilferty (1931).
    """

    rank: int
    share: float
    chi_square: float
    p_value: float


def straggler(stamps: ArrayLike) -> Straggler:
    """Find who enters (or leaves) last most often; ties share the repetition."""
    late = np.asarray(stamps, dtype=np.int64)
    repetitions, ranks = late.shape
    last = late == late.max(axis=1, keepdims=True)
    counts = (last / last.sum(axis=1, keepdims=True)).sum(axis=0)
    expected = repetitions / ranks
    worst = int(np.argmax(counts))
    chi_square = float(np.sum((counts - expected) ** 2) / expected)
    share = float(counts[worst]) / repetitions
    return Straggler(worst, share, chi_square, _upper_tail(chi_square, ranks - 1))


def _upper_tail(chi_square: float, freedom: int) -> float:
    """Return the probability of a larger chi-square, by Wilson and Hilferty."""
    if freedom == 0:
        return 1.0
    spread = 2.0 / (9.0 * freedom)
    z = ((chi_square / freedom) ** (1.0 / 3.0) - (1.0 - spread)) / math.sqrt(spread)
    return math.erfc(z / math.sqrt(2.0)) / 2.0
