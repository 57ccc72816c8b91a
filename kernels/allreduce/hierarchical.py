"""AllReduce over a hierarchy: one generator for the whole zoo.

Levels are the ranks of each level, innermost first; their product is the rank count.
A rank reduce-scatters within its group of the innermost level, goes on with the piece
it then owns in the next level, and so on; allgathers lead back up. `(4, 2)`:

    ranks        0 1 2 3   4 5 6 7
    level 4      [-----]   [-----]     buffer   -> quarter q on ranks q and q + 4
    level 2      0-4  1-5  2-6  3-7    quarter  -> eighth on each rank
    level 2, 4   the same backwards, copies for sums

    (p,)         flat ring (baidu, NCCL)
    (g, nodes)   2-D torus: Horovod, ChainerMN two_dimensional, BlueConnect
    (2,) * k     recursive halving and doubling (Rabenseifner)

Cost of n bytes with rings of p_1 .. p_L ranks, p their product: sum of 2 (p_l - 1)
steps; 2 (p - 1)/p n bytes sent and (p - 1)/p n added per rank, whatever the levels.
Of these, level l moves 2 (p_l - 1)/p_l n / (p_1 .. p_{l-1}) bytes.

The family and the search over it: Ueno and Yokota, "Exhaustive Study of Hierarchical
AllReduce Patterns for Large Messages Between GPUs", CCGrid 2019. The decomposition by
level: Cho et al., "BlueConnect", MLSys 2019. Hierarchies as a vector of factors:
Hidayetoglu et al., "HiCCL", 2024.
"""

from collections.abc import Callable, Sequence
from math import prod

import numpy as np

from tenbin.kernels.allreduce.direct import direct
from tenbin.kernels.allreduce.halving import halving
from tenbin.kernels.allreduce.ring import ring
from tenbin.kernels.allreduce.schedule import Schedule, embed, reverse, then

# reduce-scatters of p chunks on p ranks that leave chunk r on rank r
PATTERNS: dict[str, Callable[[int], Schedule]] = {
    "ring": ring,
    "direct": direct,
    "halving": halving,
}


def hierarchical(levels: Sequence[int], patterns: Sequence[str] = ()) -> Schedule:
    """Return the allreduce over `levels`, innermost first, each with its pattern.

    No patterns means a ring at every level. Raises ValueError for a level below 2.
    """
    if not levels or min(levels) < 2:
        raise ValueError("a hierarchy has at least one level, of at least 2 ranks")
    names = tuple(patterns) or ("ring",) * len(levels)
    scatter = _reduce_scatter(levels, names)
    return then(scatter, reverse(scatter), name="x".join(map(str, levels)))


def _reduce_scatter(levels: Sequence[int], patterns: Sequence[str]) -> Schedule:
    ranks = width = prod(levels)
    everyone = np.arange(ranks)
    owned = np.zeros(ranks, dtype=np.int_)  # first chunk of the piece of each rank
    stride = 1  # from one rank of a group to the next
    parts = []
    for size, pattern in zip(levels, patterns, strict=True):
        width //= size
        digit = everyone // stride % size
        heads = everyone[digit == 0]
        groups = heads[:, None] + stride * np.arange(size)
        small = PATTERNS[pattern](size)
        parts.append(embed(small, groups, owned[heads], width, ranks, ranks))
        owned += digit * width
        stride *= size
    return then(*parts)
