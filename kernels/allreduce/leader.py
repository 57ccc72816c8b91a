"""AllReduce of leaders: reduce to the leader of a node, allreduce, broadcast.

    ranks       0 1 2 3   4 5 6 7
    reduce      0<+-+-+   4<+-+-+       the whole buffer, into the leader
    allreduce   0---------4             over the remaining levels
    broadcast   0>+-+-+   4>+-+-+       the whole buffer, to everyone

The pattern of the first level says how its ranks hand the buffer to their leader:

    ring        a chain, from the last rank to the first     g - 1 steps of n bytes
    direct      all to the leader at once                    1 step, (g - 1) n bytes
    halving     a binomial tree                              ceil(log2 g) steps of n

Cost of n bytes, g ranks per node: twice the above, and that of the allreduce of n
bytes among leaders, whose links carry n bytes while those of the others rest. In
segments (`pipeline`) a chain costs about 2 n bytes.
Source: ChainerMN's hierarchical communicator; Jia et al., "Highly scalable deep
learning training system with mixed-precision", 2018.
"""

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from tenbin.kernels.allreduce.hierarchical import hierarchical
from tenbin.kernels.allreduce.schedule import Schedule, embed, reverse, table, then


def leader(levels: Sequence[int], patterns: Sequence[str] = ()) -> Schedule:
    """Return the allreduce whose first level has leaders, the rest a hierarchy."""
    names = tuple(patterns) or ("ring",) * len(levels)
    size, ranks = levels[0], prod(levels)
    heads = np.arange(0, ranks, size)
    chunks = max(len(heads), 1)
    groups = heads[:, None] + np.arange(size)
    start = np.zeros(len(heads), dtype=np.int_)
    small = REDUCTIONS[names[0]](size)
    up = embed(small, groups, start, chunks, ranks, chunks)
    parts = [up, reverse(up)]
    if len(levels) > 1:
        across = hierarchical(levels[1:], names[1:])
        parts.insert(1, embed(across, heads[None], start[:1], 1, ranks, chunks))
    return then(*parts, name=f"leader:{'x'.join(map(str, levels))}")


def chain(ranks: int) -> Schedule:
    """Return the reduction of one chunk to rank 0, from neighbour to neighbour."""
    rank = np.arange(ranks - 1, 0, -1)
    return _to_zero("chain", ranks, np.arange(ranks - 1), rank, rank - 1)


def star(ranks: int) -> Schedule:
    """Return the reduction of one chunk to rank 0, from all at once."""
    return _to_zero("star", ranks, 0, np.arange(1, ranks), 0)


def binomial(ranks: int) -> Schedule:
    """Return the reduction of one chunk to rank 0, by a binomial tree."""
    rank = np.arange(1, ranks)
    lowest = rank & -rank
    height = np.log2(lowest).astype(np.int_)
    return _to_zero("binomial", ranks, height, rank, rank - lowest)


def _to_zero(
    name: str, ranks: int, rounds: object, src: object, dst: object
) -> Schedule:
    rows = table(round=rounds, src=src, dst=dst, chunk=0, count=1, reduce=True)
    return Schedule(name, ranks, 1, rows)


# by the pattern whose rounds they resemble
REDUCTIONS: dict[str, Callable[[int], Schedule]] = {
    "ring": chain,
    "direct": star,
    "halving": binomial,
}
