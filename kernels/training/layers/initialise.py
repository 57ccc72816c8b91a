"""How weights start: seeded draws in float64, the same for any dtype and rank count.

glorot   Glorot and Bengio 2010: sqrt(6 / (fan_in + fan_out)), for tanh and sigmoid
he       He et al. 2015: sqrt(2 / fan_in), for ReLU and its kin
"""

from collections.abc import Callable
from functools import partial
from math import prod, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Initialiser = Callable[[np.random.Generator, tuple[int, ...]], Floats]


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return fan in and fan out of weights (..., in, out).

    >>> fans((784, 1000)), fans((5, 5, 6, 16))
    ((784, 1000), (150, 400))
    """
    field = prod(shape[:-2])
    return field * shape[-2], field * shape[-1]


def glorot_uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Return uniform weights of variance 2 / (fan in + fan out)."""
    limit = sqrt(6.0 / sum(fans(shape)))
    return rng.uniform(-limit, limit, shape)


def he_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Return normal weights of variance 2 / fan in."""
    return sqrt(2.0 / fans(shape)[0]) * rng.standard_normal(shape)


def constant(
    rng: np.random.Generator, shape: tuple[int, ...], value: float = 0.0
) -> Floats:
    """Return the same value everywhere."""
    return np.full(shape, value)


zeros = constant
ones = partial(constant, value=1.0)
