"""Mixup: convex combinations of pairs, with the same of their targets.

    x = l x_i + (1 - l) x_j,  t likewise,  l ~ Beta(a, a) once per batch

Zhang et al. 2018, arXiv:1710.09412. Partners come from the global batch.
"""

import numpy as np

from tenbin.kernels.training.data.order import Indices
from tenbin.kernels.training.layers.layer import Array


def draw(
    batch: Indices, strength: float, rng: np.random.Generator
) -> tuple[float, Indices]:
    """Return the share l of each sample, and who mixes with it."""
    return float(rng.beta(strength, strength)), rng.permutation(batch)


def blend(one: Array, other: Array, share: float) -> Array:
    """Turn `other` into share one + (1 - share) other; return it."""
    other *= 1.0 - share
    other += share * one
    return other
