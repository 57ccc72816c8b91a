"""The entropy of predictions: what a model does not know of a sample, in nats."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def entropy(probabilities: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return H = - sum p log p of each row (n, classes); 0 log 0 is 0.

    >>> entropy(np.array([[1.0, 0.0], [0.5, 0.5]])).round(3)
    array([0.   , 0.693])
    """
    p = probabilities.astype(np.float64)
    logs = np.log(np.where(p > 0, p, 1.0))
    return np.asarray(-(p * logs).sum(axis=1) + 0.0)
