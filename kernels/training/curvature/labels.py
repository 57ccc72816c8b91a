"""Targets drawn from the model's own outputs: with them the Fisher matrix is the true.

The draws belong to the global batch and a rank takes its rows, so that they are the
same on any number of ranks.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.training.layers.layer import Array, Step
from tenbin.kernels.training.layers.softmax import softmax

Draw = Callable[[ModuleType, Array, Step, np.random.Generator], Array]


def classes(xp: ModuleType, u: Array, step: Step, rng: np.random.Generator) -> Array:
    """Return one-hot targets (n, classes) drawn from the softmax of the outputs."""
    drawn = xp.asarray(_mine(rng.random(step.total), step))
    reached = softmax(xp, u.astype("float64")).cumsum(axis=-1)
    chosen = (reached < drawn[:, None] * reached[:, -1:]).sum(axis=-1)
    return (xp.arange(u.shape[-1]) == chosen[:, None]).astype(u.dtype)


def values(xp: ModuleType, u: Array, step: Step, rng: np.random.Generator) -> Array:
    """Return targets (n, outputs) from a Gaussian of variance 1 around the outputs."""
    drawn = _mine(rng.standard_normal((step.total, u.shape[-1])), step)
    return (u + xp.asarray(drawn)).astype(u.dtype)


def _mine(drawn: NDArray[Any], step: Step) -> NDArray[Any]:
    return drawn[step.rows.start : step.rows.stop]


# loss -> how its model draws targets
LABELS: dict[str, Draw] = {"cross-entropy": classes, "squared-error": values}
