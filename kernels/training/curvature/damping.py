"""Factored Tikhonov damping, and what is made of a damped factor.

    A + pi sqrt(d) I        G + sqrt(d) / pi I       pi^2 = (tr A / i) / (tr G / o)

Their product is F + d I up to what the split adds; pi makes that least in the trace
norm (Martens and Grosse 2015, section 6.3).
"""

from collections.abc import Callable
from math import sqrt

from tenbin import device
from tenbin.kernels.training.layers.layer import Array

Made = Callable[[Array], Array]


def damped(a: Array, g: Array, damping: float) -> tuple[Array, Array]:
    """Return copies of both factors with their share of the damping."""
    balance = pi(a, g)
    return _shifted(a, sqrt(damping) * balance), _shifted(g, sqrt(damping) / balance)


def pi(a: Array, g: Array) -> float:
    """Return the ratio of the root mean eigenvalues; 1 where there is nothing."""
    mean_a, mean_g = (float(m.trace()) / len(m) for m in (a, g))
    return sqrt(mean_a / mean_g) if mean_a > 0.0 and mean_g > 0.0 else 1.0


def inverse(matrix: Array) -> Array:
    """Return the inverse of a symmetric matrix."""
    found = device.module_of(matrix).linalg.inv(matrix)
    return 0.5 * (found + found.T)


def root(matrix: Array) -> Array:
    """Return R, upper triangular, with R R^T the inverse of a positive matrix.

    In float64: the prior damps so little that float32 may see no positive matrix.
    """
    linalg = device.module_of(matrix).linalg
    return linalg.inv(linalg.cholesky(matrix.astype("float64"))).T


def _shifted(matrix: Array, shift: float) -> Array:
    found = matrix.copy()
    found.reshape(-1)[:: len(matrix) + 1] += shift
    return found
