"""Which samples come when, and whose they are: the same for any number of ranks.

epoch          a permutation of all samples, from the seed and the epoch's number
global batch   | b0 | b1 | b2 | ..  consecutive pieces of it, the last one shorter
rank           |r0 r1 r2|           consecutive pieces of a batch, or of anything
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def permutation(count: int, seed: int, epoch: int) -> Indices:
    """Return the order of the samples in an epoch."""
    order = np.random.default_rng((seed, epoch)).permutation(count)
    return order.astype(np.int64, copy=False)


def part(count: int, ranks: int, rank: int) -> range:
    """Return the piece of `count` things that `rank` owns; sizes differ by one at most.

    >>> [part(10, 4, rank) for rank in range(4)]
    [range(0, 2), range(2, 5), range(5, 7), range(7, 10)]
    """
    return range(count * rank // ranks, count * (rank + 1) // ranks)


def steps(count: int, batch: int) -> int:
    """Return the number of batches in an epoch.

    >>> steps(10, 4)
    3
    """
    return -(-count // batch)


def batches(order: Indices, batch: int, first: int = 0) -> Iterator[Indices]:
    """Yield the global batches of an epoch from step `first` on."""
    for start in range(first * batch, len(order), batch):
        yield order[start : start + batch]


def mine(batch: Indices, ranks: int, rank: int) -> Indices:
    """Return the samples of a global batch that `rank` works on."""
    piece = part(len(batch), ranks, rank)
    return batch[piece.start : piece.stop]
