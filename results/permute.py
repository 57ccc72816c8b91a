"""Permutation of whole launches: one exact test for all cases of a sweep.

    launches        cases (log of the launch's median time)
    base  0   [  x   x   x  ..  x ]         relabel whole rows in every way,
          1   [  x   x   x  ..  x ]         note the largest |t| over the cases:
    new   0   [  x   x   x  ..  x ]         what chance makes of the sweep,
          1   [  x   x   x  ..  x ]         however its cases hang together

A case differs where its |t| is among the largest 5 % of those maxima. Found cases
leave the competition of the others (step-down: Westfall and Young, Resampling-Based
Multiple Testing, 1993, algorithm 4.1). The variance in t is drawn towards the median
one of the sweep: few launches tell little of it (Smyth, Stat. Appl. Genet. 3, 2004).

Cost: (labellings x launches x cases) multiply-adds; 252 labellings at 5 against 5.
"""

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from tenbin.stats import CONFIDENCE, SIGNIFICANT

Floats = NDArray[np.float64]

MOST, FEWEST_DRAWN, SEED = 10_000, 1_000, 1
MOST_CELLS = 4_000_000  # labellings x cases held at a time
PRIOR = 4  # degrees of freedom that the sweep lends to each case
TINY = 1e-5  # of a time: a smaller spread is not measured, and drowns in rounding
ROUNDING = 1e-4  # of |t|: how much may differ what is equal but for the order of sums


@dataclass(frozen=True)
class Permuted:
    """What permuting says of each case; arrays of shape (cases,).

    `effect` is the difference of mean logs, new less base; `error` its standard error.
    `p_value` holds for the whole sweep; `critical` is the |t| that the largest of the
    sweep exceeds by chance in 5 %.
    """

    effect: Floats
    error: Floats
    p_value: Floats
    critical: float


def smallest_p(base: int, new: int) -> float:
    """Return the least p-value that so many launches can give.

    >>> smallest_p(3, 3), round(smallest_p(5, 5), 4)
    (0.1, 0.0079)
    """
    if not base or not new:
        return 1.0
    return (2.0 if base == new else 1.0) / math.comb(base + new, base)


def can_decide(base: int, new: int) -> bool:
    """Return whether so many launches can show any difference at all.

    >>> can_decide(3, 3), can_decide(4, 4)
    (False, True)
    """
    return base + new > 2 and smallest_p(base, new) <= SIGNIFICANT


def permute(base: Floats, new: Floats) -> Permuted:
    """Compare two tables of log times, (launches, cases); NaN is what is not there.

    The order of the launches does not matter; swapping base and new turns the sign of
    `effect` and changes nothing else.
    """
    both = np.vstack([base, new])
    shift = np.nanmean(both, axis=0)
    first = np.arange(len(both)) < len(base)
    t, effect, error = _student(first[None], both - shift)
    t, effect, error = np.abs(t[0]), effect[0], error[0]
    labels = labellings(len(base), len(new), both.shape[1])
    null = np.abs(_student(labels, _ordered(both - shift))[0])
    own = np.vstack([side - np.nanmean(side, axis=0) for side in (base, new)])
    centred = np.abs(_student(labels, _ordered(own))[0])
    return Permuted(
        effect=effect,
        error=error,
        p_value=_step_down(t, null),
        critical=float(np.quantile(centred.max(axis=1), CONFIDENCE)),
    )


def labellings(base: int, new: int, cases: int = 1) -> NDArray[np.bool_]:
    """Return which launches are called base: every way, or so many drawn, as rows."""
    total, chosen = base + new, min(base, new)
    most = min(MOST, max(MOST_CELLS // max(cases, 1), FEWEST_DRAWN))
    if math.comb(total, chosen) <= most:
        picks = np.array(list(combinations(range(total), chosen)), dtype=int)
    else:
        rng = np.random.default_rng([SEED, total, chosen])
        picks = rng.random((most, total)).argsort(axis=1)[:, :chosen]
    labels = np.zeros((len(picks), total), dtype=bool)
    np.put_along_axis(labels, picks, True, axis=1)
    return labels


def _ordered(values: Floats) -> Floats:
    """Return the launches in an order that does not depend on how they came."""
    return values[np.lexsort(np.nan_to_num(values, nan=np.inf).T)]


def _student(labels: NDArray[np.bool_], values: Floats) -> tuple[Floats, ...]:
    """Return t, difference and its error, each of shape (labellings, cases).

    Where a labelling leaves a case without one side there is no difference: t is 0.
    """
    there = np.isfinite(values).astype(float)
    known = np.where(there > 0, values, 0.0)
    chosen = labels.astype(float)
    n, total, squares = there.sum(axis=0), known.sum(axis=0), (known**2).sum(axis=0)
    first, sum_first = chosen @ there, chosen @ known
    second, sum_second = n - first, total - sum_first
    usable = (first > 0) & (second > 0) & (n > 2)
    first, second = np.where(usable, first, 1.0), np.where(usable, second, 1.0)
    effect = sum_second / second - sum_first / first
    within = squares - sum_first**2 / first - sum_second**2 / second
    variance = np.maximum(within, 0.0) / np.maximum(n - 2.0, 1.0)
    variance = _shrunk(variance, np.maximum(n - 2.0, 0.0), usable)
    error = np.sqrt(variance * (1.0 / first + 1.0 / second))
    t = np.where(usable, effect / error, 0.0)
    return t, effect, np.where(usable, error, np.nan)


def _shrunk(variance: Floats, freedom: Floats, usable: NDArray[np.bool_]) -> Floats:
    """Draw the variances of each labelling towards their median over the cases."""
    some = usable.any(axis=1, keepdims=True)
    known = np.where(usable | ~some, variance, np.nan)
    typical = np.nanmedian(known, axis=1, keepdims=True)
    drawn = (PRIOR * typical + freedom * variance) / (PRIOR + freedom)
    return np.asarray(drawn + TINY**2)


def _step_down(t: Floats, null: Floats) -> Floats:
    """Return the p-values of the sweep: each case against those that are no larger."""
    order = np.argsort(-t, kind="stable")
    largest = np.maximum.accumulate(null[:, order[::-1]], axis=1)[:, ::-1]
    p = (largest >= t[order] * (1.0 - ROUNDING) - TINY).mean(axis=0)
    p = np.maximum(p, 1.0 / len(null))  # drawn labellings may miss the true one
    result: Floats = np.empty_like(p)
    result[order] = np.maximum.accumulate(p)
    return result
