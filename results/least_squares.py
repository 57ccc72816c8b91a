"""Small least squares with non-negative coefficients, for many targets at once.

    target (draws, n)  ~  coefficients (draws, k) @ columns.T (k, n)

Errors are relative: every equation is divided by the `scale` of its target. Of all
subsets of the columns the best whose coefficients are all positive is taken, which is
exact for the handful of columns here (2^k - 1 small pseudo-inverses).
"""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NEARLY_ONE = 1.0 - 1e-9


def left_out(columns: Floats, target: Floats, scale: Floats) -> tuple[Floats, Floats]:
    """Return coefficients, and for each point the relative error when it is left out.

    The error without point i is r_i / (1 - h_i), h the diagonal of the hat matrix
    (Allen, Technometrics 16, 1974); infinite where the others do not fix the fit.
    """
    scaled = columns / scale[:, None]
    inverse = np.linalg.pinv(scaled)
    coefficients = (target / scale) @ inverse.T
    residuals = target / scale - coefficients @ scaled.T
    leverage = np.einsum("nk,kn->n", scaled, inverse)
    free = np.where(leverage < NEARLY_ONE, 1.0 - leverage, np.nan)
    errors = np.where(np.isnan(free), np.inf, residuals / free)
    return coefficients, errors


def nonnegative(columns: Floats, target: Floats, scale: Floats) -> Floats:
    """Return the coefficients (draws, k) of the best non-negative fit."""
    draws, k = len(target), columns.shape[1]
    best, result = np.full(draws, np.inf), np.zeros((draws, k))
    for size in range(1, k + 1):
        for subset in combinations(range(k), size):
            chosen = columns[:, subset] / scale[:, None]
            found = (target / scale) @ np.linalg.pinv(chosen).T
            loss = np.sum((target / scale - found @ chosen.T) ** 2, axis=1)
            better = (found >= 0.0).all(axis=1) & (loss < best)
            best = np.where(better, loss, best)
            full = np.zeros((draws, k))
            full[:, subset] = found
            result[better] = full[better]
    return result
