"""RMSprop (Tieleman and Hinton 2012).

E = rho E + (1 - rho) g^2,  w -= rate g / (sqrt(E) + e)
"""

from collections.abc import Sequence
from types import ModuleType

from tenbin.kernels.training.optimisers.optimiser import Array, mean_square


def rmsprop(
    xp: ModuleType,
    w: Array,
    g: Array,
    slots: Sequence[Array],
    work: Array,
    rate: float,
    step: int,
    rho: float = 0.9,
    eps: float = 1e-8,
) -> None:
    """Step by each weight's own rate."""
    (squares,) = slots
    mean_square(xp, squares, g, work, rho)
    xp.sqrt(squares, out=work)
    xp.add(work, eps, out=work)
    xp.divide(g, work, out=work)
    xp.multiply(work, rate, out=work)
    xp.subtract(w, work, out=w)
