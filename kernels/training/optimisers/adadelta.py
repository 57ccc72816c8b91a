"""AdaDelta (Zeiler 2012); its own rate is 1.

E = rho E + (1 - rho) g^2
d = sqrt(D + e) / sqrt(E + e) g,  D = rho D + (1 - rho) d^2,  w -= rate d
"""

from collections.abc import Sequence
from types import ModuleType

from tenbin.kernels.training.optimisers.optimiser import Array, mean_square


def adadelta(
    xp: ModuleType,
    w: Array,
    g: Array,
    slots: Sequence[Array],
    work: Array,
    rate: float,
    step: int,
    rho: float = 0.95,
    eps: float = 1e-6,
) -> None:
    """Step in units of the steps before."""
    squares, moved = slots
    mean_square(xp, squares, g, work, rho)
    xp.add(squares, eps, out=work)
    xp.divide(g, xp.sqrt(work, out=work), out=g)
    xp.add(moved, eps, out=work)
    xp.multiply(g, xp.sqrt(work, out=work), out=g)
    mean_square(xp, moved, g, work, rho)
    xp.multiply(g, rate, out=work)
    xp.subtract(w, work, out=w)
