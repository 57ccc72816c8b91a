"""A symmetric matrix in half the words: rectangular full packed.

    n = 4   a a b b        . a a          n = 5   a a a b b       a a a
            a a b b   ->   d . a                  a a a b b       d a a     and b b
            b b d d        d d .                  a a a b b   ->  d d a         b b
            b b d d   and b (2, 2)                b b b d d                     b b
                                                  b b b d d

The upper triangle of `a` and the lower one of `d` fill one rectangle; `b` is kept as it
is. Three copies of blocks, no gathering of single elements. Gustavson, Wasniewski,
Dongarra, Langou: Rectangular full packed format for Cholesky's algorithm, ACM TOMS 37
(2010).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def packed_size(n: int) -> int:
    """Return how many words a symmetric (n, n) matrix needs.

    >>> packed_size(4), packed_size(5)
    (10, 15)
    """
    return n * (n + 1) // 2


def pack(matrix: Array, out: Array) -> None:
    """Write a symmetric (n, n) matrix into `out` (packed_size(n),)."""
    upper, lower, rectangle, across = _parts(matrix, out)
    rectangle[...] = 0
    rectangle[:, rectangle.shape[1] - len(upper) :] = np.triu(upper)
    rectangle[len(upper) - len(lower) :, : len(lower)] += np.tril(lower)
    across[...] = matrix[: len(upper), len(upper) :]


def unpack(packed: Array, out: Array) -> None:
    """Write the packed matrix into `out` (n, n), both triangles."""
    upper, lower, rectangle, across = _parts(out, packed)
    upper[...] = np.triu(rectangle[:, rectangle.shape[1] - len(upper) :])
    upper += np.triu(upper, 1).T
    lower[...] = np.tril(rectangle[len(upper) - len(lower) :, : len(lower)])
    lower += np.tril(lower, -1).T
    out[: len(upper), len(upper) :] = across
    out[len(upper) :, : len(upper)] = across.T


def _parts(matrix: Array, packed: Array) -> tuple[Array, Array, Array, Array]:
    """Return views: blocks a and d of the matrix, rectangle and b of the packed."""
    n = len(matrix)
    low = n // 2
    high = n - low
    size = high * (low + 1)
    rectangle = packed[:size].reshape(high, low + 1)
    across = packed[size:].reshape(high, low)
    return matrix[:high, :high], matrix[high:, high:], rectangle, across
