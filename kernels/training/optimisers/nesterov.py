"""Nesterov's accelerated gradient, in the form of Sutskever et al. 2013.

v = mu v + g,  w -= rate (g + mu v)
"""

from collections.abc import Sequence
from types import ModuleType

from tenbin.kernels.training.optimisers.optimiser import Array


def nesterov(
    xp: ModuleType,
    w: Array,
    g: Array,
    slots: Sequence[Array],
    work: Array,
    rate: float,
    step: int,
    mu: float = 0.9,
) -> None:
    """Step along the velocity as it will be."""
    (v,) = slots
    xp.multiply(v, mu, out=v)
    xp.add(v, g, out=v)
    xp.multiply(v, mu, out=work)
    xp.add(work, g, out=work)
    xp.multiply(work, rate, out=work)
    xp.subtract(w, work, out=w)
