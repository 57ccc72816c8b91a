"""Reduce-scatter by recursive halving, for any rank count (uneven halving).

A group and its chunks are cut in two halves; each rank sends the chunks of the other
half to its partner there, adds what it gets, and goes on in its own half. Four ranks:

    round    0 <-> 2              1 <-> 3
      0      0 gets 0-1, 2 2-3    1 gets 0-1, 3 2-3
             0 <-> 1              2 <-> 3
      1      0 gets 0, 1 1        2 gets 2, 3 3

Where a group is odd the first half is one rank longer; that rank has no partner and
hands its chunks to the last rank of the other half, which then adds two parts.

Cost of n bytes on p = 2^k ranks: k steps, (p - 1)/p n bytes sent and added per rank.
Otherwise ceil(log2 p) steps, and up to twice the bytes where a rank gets two parts.
Source: Rabenseifner, "Optimization of collective reduction operations", ICCS 2004;
Thakur, Rabenseifner and Gropp, IJHPCA 2005, who fold the odd ranks away instead.
"""

import numpy as np

from tenbin.kernels.allreduce.schedule import Schedule, table


def halving(ranks: int) -> Schedule:
    """Return the reduce-scatter of `ranks` chunks that leaves chunk r on rank r."""
    rank = np.arange(ranks)
    low, high = np.zeros_like(rank), np.full_like(rank, ranks)  # group of each rank
    parts = [table(round=0, src=rank[:0], dst=0, chunk=0, count=0, reduce=True)]
    for number in range((ranks - 1).bit_length()):
        middle = low + (high - low + 1) // 2
        first = rank < middle
        active = np.flatnonzero(high - low > 1)
        partner = np.where(
            first, np.minimum(rank - low + middle, high - 1), rank - middle + low
        )
        away = np.where(first, middle, low)  # the chunks of the other half
        size = np.where(first, high - middle, middle - low)
        parts.append(
            table(
                round=number,
                src=active,
                dst=partner[active],
                chunk=away[active],
                count=size[active],
                reduce=True,
            )
        )
        low, high = np.where(first, low, middle), np.where(first, middle, high)
    return Schedule("halving", ranks, ranks, np.concatenate(parts))
