"""The numbers: seeded, the same for any number of ranks and in either layout.

Every image and every filter is drawn from a Philox counter of its own, so a rank draws
those of its share and no others:

    x      image n, (h, w, c)      normal                        key = (seed, which)
    w      filter k, (r, s, c)     normal / sqrt(terms)          counter word 3 = n or k
    dy     image n, (p, q, k)      normal; / sqrt(terms) for the gradient of weights

Full mantissas and no zeros: cheap operands run at another clock (Tensile #2118).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.dtypes import Array, narrow
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.split import Share

X, W, DY = range(3)
SMALLEST_NORMAL = 2.0**-14  # of float16
Floats = NDArray[np.float32]
Draw = Callable[[np.random.Generator, tuple[int, ...], float], Floats]


def normal(random: np.random.Generator, size: tuple[int, ...], scale: float) -> Floats:
    """Return normals of that standard deviation, none of them zero or subnormal."""
    drawn = random.standard_normal(size, dtype=np.float32)
    drawn *= np.float32(scale)
    drawn[np.abs(drawn) < SMALLEST_NORMAL] = scale
    return drawn


def positive(
    random: np.random.Generator, size: tuple[int, ...], scale: float
) -> Floats:
    """Return numbers of one sign: errors add up instead of cancelling."""
    return np.abs(normal(random, size, scale))


def cancelling(
    random: np.random.Generator, size: tuple[int, ...], scale: float
) -> Floats:
    """Return normals whose sums vanish forward: what is left is rounding.

    Neighbouring channels are equal in x, and opposite in w, which is what is scaled; of
    an odd number of channels one remains.
    """
    drawn = normal(random, size, scale)
    pairs = size[-1] // 2 * 2
    sign = 1.0 if scale == 1.0 else -1.0
    drawn[..., 1:pairs:2] = sign * drawn[..., 0:pairs:2]
    return drawn


def subnormal(
    random: np.random.Generator, size: tuple[int, ...], scale: float
) -> Floats:
    """Return images, and with them results, that are subnormal in float16."""
    if scale != 1.0:
        return normal(random, size, scale)
    return random.standard_normal(size, dtype=np.float32) * np.float32(2.0**-18)


def integer(random: np.random.Generator, size: tuple[int, ...], scale: float) -> Floats:
    """Return -1, 0 and 1: up to 2048 terms are exact in every dtype and order."""
    return random.integers(-1, 2, size).astype(np.float32)


DRAWS: dict[str, Draw] = {
    "normal": normal,
    "positive": positive,
    "cancelling": cancelling,
    "subnormal": subnormal,
    "integer": integer,
}


def operands(
    whole: ConvProblem, share: Share, dtype: str, seed: int, draw: str = "normal"
) -> tuple[Array, Array]:
    """Return both operands of this rank's share, in the layout of the problem.

    Forward takes x and w, backward-data dy and w, backward-weights x and dy.
    """
    scale = whole.terms**-0.5
    sizes = {
        X: (whole.h, whole.w, whole.c),
        W: (whole.r, whole.s, whole.depth),
        DY: (whole.p, whole.q, whole.k),
    }
    channels = {X: share.c, W: _of_filters(whole, share), DY: share.k}
    images = {X: share.images, W: share.k, DY: share.images}

    def stored(which: int, scale: float) -> Array:
        numbers, mine = images[which], channels[which]
        block = np.empty((len(numbers), *sizes[which][:2], len(mine)), np.float32)
        for place, number in enumerate(numbers):
            source = np.random.Philox(key=(seed, which), counter=(0, 0, 0, number))
            drawn = DRAWS[draw](np.random.Generator(source), sizes[which], scale)
            block[place] = drawn[:, :, mine.start : mine.stop]
        return to_layout(narrow(block, dtype), whole.layout)

    if whole.direction == "forward":
        return stored(X, 1.0), stored(W, scale)
    if whole.direction == "backward-data":
        return stored(DY, 1.0), stored(W, scale)
    return stored(X, 1.0), stored(DY, scale)


def _of_filters(whole: ConvProblem, share: Share) -> range:
    """Return the channels of the filters: all, or those a rank's dx has."""
    return share.c if whole.groups == 1 else range(whole.depth)


def to_layout(nhwc: Array, layout: str) -> Array:
    """Return an array of (N, H, W, C) stored in a layout, as its shape says."""
    return (
        nhwc if layout == "nhwc" else np.ascontiguousarray(nhwc.transpose(0, 3, 1, 2))
    )


def as_nhwc(array: Any, layout: str) -> Any:
    """Return a view of (N, H, W, C), or of (K, R, S, C) for weights."""
    return array if layout == "nhwc" else array.transpose(0, 2, 3, 1)


def result_shape(problem: ConvProblem) -> tuple[int, int, int, int]:
    """Return the shape of y, dx or dw, as (N, H, W, C) or (K, R, S, C)."""
    return {
        "forward": (problem.n, problem.p, problem.q, problem.k),
        "backward-data": (problem.n, problem.h, problem.w, problem.c),
        "backward-weights": (problem.k, problem.r, problem.s, problem.depth),
    }[problem.direction]


def empty_result(problem: ConvProblem, dtype: str) -> Array:
    """Return memory for the result in the layout of the problem, full of NaN."""
    n, h, w, c = result_shape(problem)
    shape = (n, h, w, c) if problem.layout == "nhwc" else (n, c, h, w)
    return narrow(np.full(shape, np.nan, np.float32), dtype)
