"""The contrastive loss (Hadsell, Chopra and LeCun 2006, eq. 4; same pairs have Y = 1).

E = 1/2 [Y D^2 + (1 - Y) max(0, m - D)^2]      D = ||v||,  v = |h1 - h2|

dE/dv = Y v - (1 - Y) [D < m] (m - D) / D v
"""

from types import ModuleType
from typing import Any


class Contrastive:
    """A loss with its margin m; targets (n, 2) have a 1 behind for one writer."""

    def __init__(self, margin: float) -> None:
        self.margin = margin

    def __call__(
        self, xp: ModuleType, u: Any, targets: Any, total: int
    ) -> tuple[Any, Any]:
        """Return the share of the mean loss, and u turned into its gradient."""
        apart = xp.sqrt((u * u).sum(axis=-1))
        same = targets[:, 1]
        short = xp.maximum(self.margin - apart, 0)
        loss = 0.5 * xp.sum(same * apart**2 + (1 - same) * short**2) / total
        pull = same - (1 - same) * short / xp.maximum(apart, 1e-12)
        u *= (pull / total)[:, None]
        return loss, u
