"""Cross entropy of the softmax of the outputs.

E = -sum_k t_k log f_k,  f = softmax(u)          dE/du_k = f_k - t_k
"""

from types import ModuleType
from typing import Any


def cross_entropy(xp: ModuleType, u: Any, targets: Any, total: int) -> tuple[Any, Any]:
    """Return the share of the mean loss, and u turned into its gradient."""
    u -= u.max(axis=-1, keepdims=True)
    chosen = xp.sum(u * targets)
    xp.exp(u, out=u)
    sums = u.sum(axis=-1, keepdims=True)
    loss = (xp.sum(xp.log(sums)) - chosen) / total
    u /= sums
    u -= targets
    u *= 1.0 / total
    return loss, u
