"""Scaling laws: what limits, in one or two numbers. q is p over the baseline's ranks.

    amdahl     strong   t = t1 (s + (1 - s) / q)                       Amdahl 1967
    gustafson  weak     1/t = (1/t1) (s / q + (1 - s))                 Gustafson 1988
    usl        strong   t = t1 (1 + sigma (q - 1) + kappa q (q - 1)) / q
               weak     t = t1 (1 + sigma (q - 1) + kappa q (q - 1))   Gunther 1993

Each is linear in its coefficients: non-negative least squares of relative errors. s is
the serial fraction, sigma contention (waiting for what is shared), kappa coherency (all
talk to all: a ladder that turns back). Intervals: bootstrap over launches.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenbin.results.intervals import FEWEST as FEWEST_LAUNCHES
from tenbin.results.least_squares import nonnegative
from tenbin.stats import CONFIDENCE

Floats = NDArray[np.float64]

DRAWS, SEED = 400, 1


@dataclass(frozen=True)
class Law:
    """How a law is fitted: columns in q; to the rate where `inverse`, or to the time.

    `parameters` turns coefficients (draws, k) into the law's own numbers.
    """

    columns: Callable[[Floats], list[Floats]]
    names: tuple[str, ...]
    parameters: Callable[[Floats], list[Floats]]
    inverse: bool = False

    def matrix(self, q: Floats) -> Floats:
        """Return the columns, (points, k)."""
        return np.stack(self.columns(q), axis=1)


@dataclass(frozen=True)
class Fit:
    """A fitted law: value, low and high of each parameter, and how well it fits.

    `error` is the root mean square relative error; low and high are NaN where a point
    has too few launches.
    """

    law: str
    parameters: dict[str, tuple[float, float, float]]
    error: float
    coefficients: tuple[float, ...]
    base_ranks: float
    scaling: str

    def predict(self, ranks: Sequence[float] | Floats) -> Floats:
        """Return the time at each rank count, in seconds."""
        law = LAWS[self.scaling][self.law]
        q = np.asarray(ranks, dtype=float) / self.base_ranks
        found = law.matrix(q) @ np.array(self.coefficients)
        return np.asarray(1.0 / found if law.inverse else found)

    @property
    def peak_ranks(self) -> float:
        """Return the rank count beyond which strong scaling turns back (usl)."""
        if self.law != "usl" or self.scaling != "strong":
            return math.inf
        sigma, kappa = (self.parameters[name][0] for name in ("sigma", "kappa"))
        if kappa <= 0.0 or sigma >= 1.0:
            return math.inf if kappa <= 0.0 else self.base_ranks
        return self.base_ranks * math.sqrt((1.0 - sigma) / kappa)


def _over_first(c: Floats) -> list[Floats]:
    return [_share(c[:, i], c[:, 0]) for i in range(1, c.shape[1])]


def _share(part: Floats, whole: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0.0, part / whole, np.inf)


AMDAHL = Law(
    lambda q: [1.0 / q, np.ones_like(q)],
    ("serial",),
    lambda c: [_share(c[:, 1], c.sum(axis=1))],
)
GUSTAFSON = Law(
    lambda q: [1.0 / q, np.ones_like(q)],
    ("serial",),
    lambda c: [_share(c[:, 0], c.sum(axis=1))],
    inverse=True,
)
USL_STRONG = Law(
    lambda q: [1.0 / q, (q - 1.0) / q, q - 1.0], ("sigma", "kappa"), _over_first
)
USL_WEAK = Law(
    lambda q: [np.ones_like(q), q - 1.0, q * (q - 1.0)],
    ("sigma", "kappa"),
    _over_first,
)
LAWS: dict[str, dict[str, Law]] = {
    "strong": {"amdahl": AMDAHL, "usl": USL_STRONG},
    "weak": {"gustafson": GUSTAFSON, "usl": USL_WEAK},
}


def fit(
    scaling: str,
    name: str,
    ranks: Sequence[float],
    launch_s: Sequence[Sequence[float]],
    base_ranks: float,
) -> Fit | None:
    """Fit one law to the launch times of each rank count.

    None where there are not more points than coefficients.
    """
    law = LAWS[scaling][name]
    q = np.asarray(ranks, dtype=float) / base_ranks
    columns = law.matrix(q)
    if len(set(ranks)) <= columns.shape[1]:
        return None
    medians = np.array([np.median(times) for times in launch_s])
    drawn = np.vstack([medians, _draw(launch_s)])
    target = 1.0 / drawn if law.inverse else drawn
    found = nonnegative(columns, target, target[0])
    fitted = columns @ found[0]
    error = float(np.sqrt(np.mean((fitted / target[0] - 1.0) ** 2)))
    enough = min(len(times) for times in launch_s) >= FEWEST_LAUNCHES
    parameters = {
        parameter: _interval(values, enough)
        for parameter, values in zip(law.names, law.parameters(found), strict=True)
    }
    own = tuple(float(value) for value in found[0])
    return Fit(name, parameters, error, own, float(base_ranks), scaling)


def _draw(launch_s: Sequence[Sequence[float]]) -> Floats:
    """Return medians of launches drawn anew, (draws, points)."""
    rng = np.random.default_rng(SEED)
    columns = []
    for times in launch_s:
        own = np.sort(np.asarray(times, dtype=float))
        picks = rng.integers(own.size, size=(DRAWS, own.size))
        columns.append(np.median(own[picks], axis=1))
    return np.stack(columns, axis=1)


def _interval(values: Floats, enough: bool) -> tuple[float, float, float]:
    own = float(values[0])
    if not enough:
        return own, math.nan, math.nan
    edge = (1.0 - CONFIDENCE) / 2.0
    low, high = np.quantile(values[1:], [edge, 1.0 - edge], method="nearest")
    return own, float(min(low, own)), float(max(high, own))
