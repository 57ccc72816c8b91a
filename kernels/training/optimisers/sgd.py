"""Stochastic gradient descent (Robbins and Monro 1951).

w -= rate g
"""

from collections.abc import Sequence
from types import ModuleType

from tenbin.kernels.training.optimisers.optimiser import Array


def sgd(
    xp: ModuleType,
    w: Array,
    g: Array,
    slots: Sequence[Array],
    work: Array,
    rate: float,
    step: int,
) -> None:
    """Step against the gradient."""
    xp.multiply(g, rate, out=work)
    xp.subtract(w, work, out=w)
