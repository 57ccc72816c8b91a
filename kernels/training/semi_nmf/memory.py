"""Memory of earlier mini-batches, for those too small to determine the weights.

    G_t = Z_t^T Z_t + keep G_{t-1}      keep = max(0, 1 - batch / (window r))
    min_W  ||B - f(Z W^T)||^2 + alpha ||W||^2 + || (W - W_{t-1}) (keep G_{t-1})^1/2 ||^2

A row of W has r unknowns: the units of the layer below, and a bias. A batch of about
as many samples interpolates them, noise of the targets included, and the error over
all samples peaks (Belkin, Hsu, Ma, Mandal: Reconciling modern machine-learning practice
and the classical bias-variance trade-off, PNAS 116, 2019). So what earlier batches have
determined holds the weights where they were: recursive least squares with exponential
forgetting (Haykin: Adaptive Filter Theory), as if every batch had `window` samples for
each unknown. Batches that have them remember nothing: the papers' method. Costs r^2
words a layer and 2 r^3 multiplications a batch, and no communication.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(eq=False)
class Memory:
    """Gram matrices (r, r) over the earlier samples of all ranks, by their layer."""

    batch: int = 1
    window: float = 0.0
    grams: dict[int, Array] = field(default_factory=dict)

    def add(self, layer: int, whole: Array) -> Array | None:
        """Add what is left of the earlier matrices in place; return it, if anything."""
        wanted = self.window * len(whole)
        keep = 1.0 - self.batch / wanted if wanted else 0.0
        if keep <= 0.0:
            return None
        past = self.grams.get(layer)
        if past is not None:
            past *= past.dtype.type(keep)
            whole += past
        self.grams[layer] = whole.copy()
        return past


def pull(past: Array, decode: Array) -> Array:
    """Return D G D^T (k, k), the past in the coordinates of a basis."""
    return np.asarray(decode @ past @ decode.T)
