"""Momentum (Polyak 1964).

v = mu v - rate g,  w += v
"""

from collections.abc import Sequence
from types import ModuleType

from tenbin.kernels.training.optimisers.optimiser import Array


def momentum(
    xp: ModuleType,
    w: Array,
    g: Array,
    slots: Sequence[Array],
    work: Array,
    rate: float,
    step: int,
    mu: float = 0.9,
) -> None:
    """Step along a velocity that the gradient pulls."""
    (v,) = slots
    xp.multiply(g, rate, out=work)
    xp.multiply(v, mu, out=v)
    xp.subtract(v, work, out=v)
    xp.add(w, v, out=w)
