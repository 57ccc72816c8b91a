"""A performance model in normal form: t(p) = c0 + c1 f1(p) + c2 f2(p), found by search.

    f1, f2    one of log p, sqrt p, p, p log p, p^2 and, beside it or alone, 1/p
    choice    least relative error of points left out, one at a time; a further term
              must lower that error by a factor
    band      the fit and the choice repeated on what the left-out errors could have
              given: it widens where several models would do

After Calotoiu, Hoefler, Poke, Wolf (SC13). Fewer terms than theirs, because six points
cannot tell many apart. Coefficients are positive: no time is negative far away.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from tenbin.errors import UsageError
from tenbin.results.least_squares import left_out
from tenbin.stats import CONFIDENCE
from tenbin.units import format_time

Floats = NDArray[np.float64]

FEWEST, ENOUGH = 4, 5  # rank counts: refused below, a warning below
SPARE = 2  # points more than coefficients
GAIN = 1.6  # by which a further term must lower the left-out error
FARTHEST = 4.0  # times the largest measured count
DRAWS, SEED = 400, 1

TERMS: dict[str, Callable[[Floats], Floats]] = {
    "1": np.ones_like,
    "1/p": lambda p: 1.0 / p,
    "log2 p": np.log2,
    "sqrt p": np.sqrt,
    "p": lambda p: p,
    "p log2 p": lambda p: p * np.log2(p),
    "p^2": lambda p: p * p,
}
NAMES = tuple(TERMS)
GROWTH = NAMES[2:]


def _candidates() -> list[tuple[str, ...]]:
    """Return the sets of terms that are tried, those with fewer terms first."""
    pairs = product(("", "1"), ("", "1/p"), ("", *GROWTH))
    sets = [tuple(term for term in pair if term) for pair in pairs]
    return sorted((one for one in sets if one), key=len)


CANDIDATES = _candidates()


@dataclass(frozen=True, eq=False)
class Model:
    """The chosen terms, constant first, and one coefficient for each of `NAMES`.

    `error` is the root mean square of the relative left-out errors, `r2` the adjusted
    one of the fit; `drawn` (draws, names) are the coefficients behind the band.
    """

    terms: tuple[str, ...]
    coefficients: Floats
    error: float
    r2: float
    ranks: tuple[int, ...]
    drawn: Floats
    warning: str = ""

    @property
    def shape(self) -> frozenset[str]:
        """Return the terms without the constant: what grows or falls, and how."""
        return frozenset(self.terms) - {"1"}

    @property
    def formula(self) -> str:
        """Return the model with its coefficients as times."""
        parts = [
            format_time(float(self.coefficients[NAMES.index(term)]))
            + ("" if term == "1" else f" x {term}")
            for term in self.terms
        ]
        return " + ".join(parts)

    def predict(self, ranks: Sequence[float] | Floats) -> Floats:
        """Return the time at each rank count, in seconds."""
        return _basis(ranks) @ self.coefficients

    def band(self, ranks: Sequence[float] | Floats) -> tuple[Floats, Floats]:
        """Return the 95 % band of the fitted curve at each rank count."""
        edge = (1.0 - CONFIDENCE) / 2.0
        curves = self.drawn @ _basis(ranks).T
        low, high = np.quantile(curves, [edge, 1.0 - edge], axis=0)
        middle = self.predict(ranks)
        return np.minimum(low, middle), np.maximum(high, middle)


def search(ranks: Sequence[int], time_s: Sequence[float]) -> Model:
    """Return the model of times over rank counts.

    Raises UsageError below 4 distinct counts; below 5 the model has a warning.
    """
    p, t = np.asarray(ranks, dtype=float), np.asarray(time_s, dtype=float)
    counts = len(set(ranks))
    if counts < FEWEST or counts != len(ranks):
        raise UsageError(
            f"no model from {counts} rank counts: {FEWEST} are needed, each once"
        )
    if not (np.isfinite(t).all() and (t > 0.0).all() and (p >= 1.0).all()):
        raise UsageError("no model: times and rank counts must be positive")
    (coefficients,), (chosen,), (errors,) = _choose(p, t[None], t)
    fitted = _basis(p) @ coefficients
    rng = np.random.default_rng([SEED, counts])
    noise = errors[rng.integers(counts, size=(DRAWS, counts))]
    noise *= rng.choice([-1.0, 1.0], size=noise.shape)
    drawn, _, _ = _choose(p, np.maximum(fitted + t * noise, 0.05 * t), t)
    few = f"{counts} rank counts are few for a model: {ENOUGH} or more tell terms apart"
    return Model(
        terms=CANDIDATES[chosen],
        coefficients=coefficients,
        error=float(np.sqrt(np.mean(errors**2))),
        r2=_adjusted_r2(t, fitted, len(CANDIDATES[chosen])),
        ranks=tuple(sorted(ranks)),
        drawn=drawn,
        warning=few if counts < ENOUGH else "",
    )


def _basis(ranks: Sequence[float] | Floats) -> Floats:
    p = np.asarray(ranks, dtype=float)
    return np.stack([TERMS[name](p) for name in NAMES], axis=1)


def _choose(
    p: Floats, target: Floats, scale: Floats
) -> tuple[Floats, NDArray[np.int64], Floats]:
    """Return coefficients (draws, names), candidates and left-out errors (draws, n)."""
    draws, basis = len(target), _basis(p)
    best = np.full(draws, np.inf)
    result = np.zeros((draws, len(NAMES)))
    chosen = np.zeros(draws, dtype=np.int64)
    kept = np.zeros_like(target)
    for number, terms in enumerate(CANDIDATES):
        if len(terms) + SPARE > len(p):
            continue
        places = [NAMES.index(term) for term in terms]
        found, errors = left_out(basis[:, places], target, scale)
        further = len([term for term in terms if term != "1"])
        score = np.sqrt(np.mean(errors**2, axis=1)) * GAIN**further
        better = (found > 0.0).all(axis=1) & (score < best)
        best = np.where(better, score, best)
        full = np.zeros_like(result)
        full[:, places] = found
        result[better], kept[better] = full[better], errors[better]
        chosen[better] = number
    return result, chosen, kept


def _adjusted_r2(time_s: Floats, fitted: Floats, coefficients: int) -> float:
    n, spread = len(time_s), float(np.sum((time_s - time_s.mean()) ** 2))
    if spread == 0.0 or n <= coefficients:
        return float("nan")
    left = float(np.sum((time_s - fitted) ** 2)) / (n - coefficients)
    return 1.0 - left / (spread / (n - 1))
