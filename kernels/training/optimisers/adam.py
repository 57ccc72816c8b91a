"""Adam (Kingma and Ba 2015).

m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2
w -= rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + e)
"""

from collections.abc import Sequence
from types import ModuleType

from tenbin.kernels.training.optimisers.optimiser import Array, mean_square


def adam(
    xp: ModuleType,
    w: Array,
    g: Array,
    slots: Sequence[Array],
    work: Array,
    rate: float,
    step: int,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> None:
    """Step by the means of gradient and square, both unbiased."""
    m, v = slots
    mean_square(xp, v, g, work, beta2)
    xp.multiply(g, 1 - beta1, out=g)
    xp.multiply(m, beta1, out=m)
    xp.add(m, g, out=m)
    xp.multiply(v, 1 / (1 - beta2**step), out=work)
    xp.sqrt(work, out=work)
    xp.add(work, eps, out=work)
    xp.divide(m, work, out=work)
    xp.multiply(work, rate / (1 - beta1**step), out=work)
    xp.subtract(w, work, out=w)
