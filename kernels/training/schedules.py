"""Learning-rate schedules: a factor of the rate, from the share of training done.

constant            1
step                1, then /10 at 1/2 and at 3/4 of the training (He et al. 2016)
linear              from 1 to 0
cosine              from 1 to 0 along half a cosine (Loshchilov and Hutter 2017)
warmup-cosine       from 0 to 1 in the first 5 %, then as cosine (Goyal et al. 2017)
"""

from collections.abc import Callable
from math import cos, pi

WARMUP = 0.05


def constant(done: float) -> float:
    """Return 1 throughout."""
    return 1.0


def step(done: float) -> float:
    """Return 1, 0.1, 0.01.

    >>> step(0.0), step(0.5), round(step(0.8), 3)
    (1.0, 0.1, 0.01)
    """
    return 1.0 if done < 0.5 else 0.1 if done < 0.75 else 0.01


def linear(done: float) -> float:
    """Return what is left of training."""
    return 1.0 - done


def cosine(done: float) -> float:
    """Return half a cosine.

    >>> cosine(0.0), cosine(1.0)
    (1.0, 0.0)
    """
    return 0.5 * (1.0 + cos(pi * done))


def warmup_cosine(done: float) -> float:
    """Return a short rise, then half a cosine."""
    return done / WARMUP if done < WARMUP else cosine((done - WARMUP) / (1 - WARMUP))


SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": constant,
    "step": step,
    "linear": linear,
    "cosine": cosine,
    "warmup-cosine": warmup_cosine,
}
