"""AdaGrad (Duchi, Hazan and Singer 2011).

G += g^2,  w -= rate g / (sqrt(G) + e)
"""

from collections.abc import Sequence
from types import ModuleType

from tenbin.kernels.training.optimisers.optimiser import Array


def adagrad(
    xp: ModuleType,
    w: Array,
    g: Array,
    slots: Sequence[Array],
    work: Array,
    rate: float,
    step: int,
    eps: float = 1e-10,
) -> None:
    """Step by each weight's own rate, which only shrinks."""
    (total,) = slots
    xp.multiply(g, g, out=work)
    xp.add(total, work, out=total)
    xp.sqrt(total, out=work)
    xp.add(work, eps, out=work)
    xp.divide(g, work, out=work)
    xp.multiply(work, rate, out=work)
    xp.subtract(w, work, out=w)
