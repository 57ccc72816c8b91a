"""SmoothOut: the gradient where uniform noise has taken the weights (Wen et al. 2018).

    d ~ U(-a, a),  g = grad L(w + d),  w again,  step by g      arXiv:1805.07898

plain      the same a for every weight
weight     a |w|
filter     a direction per output, as long as a times its weights
"""

from collections.abc import Callable
from types import ModuleType

import numpy as np

from tenbin.kernels.training.layers.layer import Array
from tenbin.kernels.training.layers.network import Network

Noise = Callable[[ModuleType, Array, Array], Array]


def plain(xp: ModuleType, u: Array, w: Array) -> Array:
    """Return u, uniform in -1 .. 1, as it is."""
    return u


def weight(xp: ModuleType, u: Array, w: Array) -> Array:
    """Return u in units of each weight."""
    return u * xp.abs(w)


def filter_(xp: ModuleType, u: Array, w: Array) -> Array:
    """Return u with the norm of w, output by output (the last axis)."""
    inputs = tuple(range(w.ndim - 1))
    length = xp.sqrt((u * u).sum(axis=inputs, keepdims=True))
    return u * xp.sqrt((w * w).sum(axis=inputs, keepdims=True)) / length


NOISES: dict[str, Noise] = {"plain": plain, "weight": weight, "filter": filter_}


def shift(net: Network, kind: str, strength: float, rng: np.random.Generator) -> None:
    """Move the weights of a net by noise; the same for the same generator."""
    for part in net.parts:
        w = part.of(net.weights)
        drawn = 2.0 * rng.random(part.spec.shape, dtype=net.dtype.type) - 1.0
        u = net.xp.asarray(drawn)
        w += net.dtype.type(strength) * NOISES[kind](net.xp, u, w)
