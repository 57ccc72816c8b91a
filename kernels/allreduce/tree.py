"""AllReduce over two binary trees, each summing and spreading half of the buffer.

    first tree, chunk 0          second tree, chunk 1: the first, mirrored
                     7                            0
             3                            4
         1       5                    6       2
       0   2   4   6                7   5   3   1

Ranks that are inner nodes of one tree are leaves of the other, so that in segments
(`pipeline`) every rank sends and receives all the time. An odd rank count shifts the
second tree by one instead, as NCCL does.

Cost of n bytes on p ranks, in one piece: 2 floor(log2 p) steps of up to n bytes;
in many segments about 2 log2 p steps and 2 n bytes. Source: Sanders, Speck and Traff,
"Two-tree algorithms for full bandwidth broadcast, reduction and scan", 2009; NCCL 2.4.
"""

import numpy as np

from tenbin.kernels.allreduce.schedule import Ranks, Schedule, reverse, table, then


def tree(ranks: int) -> Schedule:
    """Return the double binary tree over any number of ranks."""
    parent, height = in_order(ranks)
    rank = np.arange(ranks)
    places = [rank, ranks - 1 - rank if ranks % 2 == 0 else (rank + 1) % ranks]
    below = rank[parent >= 0]
    parts = [
        table(
            round=height[below],
            src=place[below],
            dst=place[parent[below]],
            chunk=half,
            count=1,
            reduce=True,
        )
        for half, place in enumerate(places)
    ]
    up = Schedule("tree", ranks, 2, np.concatenate(parts))
    return then(up, reverse(up))


def in_order(ranks: int) -> tuple[Ranks, Ranks]:
    """Return the parent, -1 at the root, and the height of each rank in order.

    Rank r, counted from 1, is as high as the lowest bit that is set in r.
    """
    number = np.arange(1, ranks + 1)
    lowest = number & -number
    above = number
    for _ in range(ranks.bit_length()):
        bit = above & -above
        upper = np.where(above & (2 * bit), above - bit, above + bit)
        above = np.where((above == number) | (above > ranks), upper, above)
    root = 1 << (ranks.bit_length() - 1)
    parent = np.where(number == root, -1, above - 1)
    return parent, np.log2(lowest).astype(np.int_)
