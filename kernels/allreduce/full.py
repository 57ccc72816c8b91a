"""AllReduce level by level, of the whole buffer each time.

    ranks        0 1 2 3   4 5 6 7
    level 4      [-----]   [-----]     every rank holds the sum of its group
    level 2      0-4  1-5  2-6  3-7    every rank holds the sum of all

Cost of n bytes with rings of p_1 .. p_L ranks: sum of 2 (p_l - 1) steps and of
2 (p_l - 1)/p_l n bytes: more bytes than `hierarchical`, whose level l works on a piece
only; what nested allreduce calls of a library do.
"""

from collections.abc import Sequence
from math import prod

import numpy as np

from tenbin.kernels.allreduce.hierarchical import PATTERNS
from tenbin.kernels.allreduce.schedule import Schedule, embed, reverse, then


def full(levels: Sequence[int], patterns: Sequence[str] = ()) -> Schedule:
    """Return one allreduce of everything per level, innermost first."""
    names = tuple(patterns) or ("ring",) * len(levels)
    ranks = prod(levels)
    everyone, stride = np.arange(ranks), 1
    parts = []
    for size, pattern in zip(levels, names, strict=True):
        heads = everyone[everyone // stride % size == 0]
        groups = heads[:, None] + stride * np.arange(size)
        start = np.zeros(len(heads), dtype=np.int_)
        small = PATTERNS[pattern](size)
        scatter = embed(small, groups, start, ranks // size, ranks, ranks)
        parts += [scatter, reverse(scatter)]
        stride *= size
    return then(*parts, name=f"full:{'x'.join(map(str, levels))}")
