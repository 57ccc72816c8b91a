"""Fit alpha + beta n to measured times, in pieces where the protocol changes.

Times span six decades, so what is made small is the sum of (log predicted - log
measured)^2: every size counts by its relative error. One piece is found by
Gauss-Newton on (log alpha, log beta), which keeps both positive; breakpoints are those
of the lowest Schwarz criterion among all cuts at measured sizes.
"""

import math
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import ArrayLike

from tenbin.kernels.allreduce.links import Floats, Protocol, lines_at

MOST_PIECES = 3
FEWEST_POINTS = 3  # in a piece
HINGES = 80  # to try
STEPS = 40
LONGEST_STEP = 2.0  # on log scale
DONE = 1e-9
SMALLEST = 1e-6  # share of a time that alpha or beta may make up
LEAST_SPREAD = 0.01  # relative; repeated times differ more than this


def time_of(pieces: Sequence[Protocol], message_bytes: ArrayLike) -> Floats:
    """Return the seconds of messages; what is below the first piece belongs to it."""
    size = _floats(message_bytes)
    beta = lines_at(pieces, size, "beta_s_per_byte")
    return lines_at(pieces, size, "alpha_s") + beta * size


def fit_line(sizes: ArrayLike, times: ArrayLike) -> tuple[float, float]:
    """Return (alpha, beta) of the least squares on log scale; both positive."""
    size, time = _floats(sizes), _floats(times)
    scale = float(size.max())
    start = [math.log(float(time.min())), math.log(max(time[-1] - time[0], time[0]))]
    theta, damping = np.array(start), 1e-3
    limits = np.log([time.min() * SMALLEST, time.max() / SMALLEST])
    error = _error(theta, size / scale, time)
    for _ in range(STEPS):
        first, second = np.exp(theta[0]), np.exp(theta[1]) * size / scale
        predicted = first + second
        slope = np.stack((first / predicted, second / predicted), axis=1)
        residual = np.log(time / predicted)
        normal = slope.T @ slope + damping * np.eye(2)
        step = np.linalg.solve(normal, slope.T @ residual)
        moved = np.clip(theta + np.clip(step, -LONGEST_STEP, LONGEST_STEP), *limits)
        better = _error(moved, size / scale, time)
        if better <= error:
            done = error - better < DONE
            theta, error, damping = moved, better, damping / 4
            if done:
                break
        else:
            damping *= 8
    return float(np.exp(theta[0])), float(np.exp(theta[1])) / scale


def _error(theta: Floats, size: Floats, time: Floats) -> float:
    predicted = np.exp(theta[0]) + np.exp(theta[1]) * size
    return float(np.sum(np.log(time / predicted) ** 2))


def fit_hinge(
    sizes: ArrayLike, times: ArrayLike, most: int = MOST_PIECES
) -> tuple[float, tuple[Protocol, ...]]:
    """Return the size up to which bytes are free, 0 for none, and the pieces beyond.

    One line with a hinge, or `fit_pieces`: Schwarz's criterion decides.
    """
    size, time = _floats(sizes), _floats(times)
    plain = fit_pieces(size, time, most)
    best = _judge(size, time, plain)[0], 0.0, plain
    inner = size[FEWEST_POINTS - 1 : -FEWEST_POINTS]
    for hinge in np.geomspace(inner[0], inner[-1], HINGES) if inner.size else ():
        beyond = np.maximum(size - hinge, 0.0)
        line = (Protocol(0, *fit_line(beyond, time)),)
        criterion = _judge(beyond, time, line)[0] + math.log(size.size)
        best = min(best, (criterion, float(hinge), line), key=lambda found: found[0])
    return best[1:]


def fit_pieces(
    sizes: ArrayLike, times: ArrayLike, most: int = MOST_PIECES
) -> tuple[Protocol, ...]:
    """Return the pieces of lowest Schwarz criterion; sizes ascend, each once."""
    size, time = _floats(sizes), _floats(times)

    @cache
    def piece(a: int, b: int) -> Protocol:
        return Protocol(int(size[a]) if a else 0, *fit_line(size[a:b], time[a:b]))

    found = [
        _judge(size, time, tuple(piece(a, b) for a, b in pairwise(cut)))
        for n in range(most)
        for cut in _cuts(size.size, n)
    ]
    return min(found, key=lambda pair: pair[0])[1]


def _cuts(points: int, count: int) -> Iterator[tuple[int, ...]]:
    """Yield the ways to cut the points in count + 1 pieces of enough points."""
    for inner in combinations(range(FEWEST_POINTS, points - FEWEST_POINTS + 1), count):
        cut = (0, *inner, points)
        if count == 0 or all(b - a >= FEWEST_POINTS for a, b in pairwise(cut)):
            yield cut


def _judge(
    size: Floats, time: Floats, pieces: tuple[Protocol, ...]
) -> tuple[float, tuple[Protocol, ...]]:
    """Return Schwarz's criterion of pieces, and the pieces."""
    residual = np.log(time / time_of(pieces, size))
    variance = float(np.mean(residual**2)) + LEAST_SPREAD**2
    parameters = 3 * len(pieces) - 1
    criterion = size.size * math.log(variance) + parameters * math.log(size.size)
    return criterion, pieces


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)
