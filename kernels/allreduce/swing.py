"""AllReduce by Swing: halving and doubling whose partners stay near on a torus.

In step s rank r meets r + d if it is even, r - d if it is odd, where
d = 1 - 2 + 4 - ... (s + 1 terms) = 1, -1, 3, -5, 11, ... Eight ranks:

    step    distance    pairs
     0          1       0-1  2-3  4-5  6-7
     1         -1       0-7  1-2  3-4  5-6
     2          3       0-3  1-6  2-5  4-7

Partners exchange the halves that the ranks they will still meet are to own; chunks are
numbered so that such a half is one window. The allgather is the reduce-scatter
backwards.

Cost of n bytes on p = 2^k ranks: 2 k steps, 2 (p - 1)/p n bytes sent and (p - 1)/p n
added per rank, as halving and doubling, but over distances that sum to 2/3 of theirs.
Other counts are folded to a power of two (`power`).
Source: De Sensi, Bonato, Saam and Hoefler, "Swing: Short-cutting Rings for Higher
Bandwidth Allreduce", NSDI 2024.
"""

import numpy as np

from tenbin.kernels.allreduce.power import on_power_of_two
from tenbin.kernels.allreduce.schedule import Ranks, Schedule, reverse, table, then


def swing(ranks: int) -> Schedule:
    """Return Swing, the form for long messages, over any number of ranks."""
    return on_power_of_two(_swing, ranks)


def partner(ranks: int, step: int) -> Ranks:
    """Return whom each of `ranks` ranks, an even number, meets in a step."""
    rank = np.arange(ranks)
    distance = (1 - (-2) ** (step + 1)) // 3
    return np.asarray((rank + np.where(rank % 2, -distance, distance)) % ranks)


def _swing(ranks: int) -> Schedule:
    steps = ranks.bit_length() - 1
    owned = _owned(ranks)
    parts = [table(round=0, src=owned[:0], dst=0, chunk=0, count=1, reduce=True)]
    for step in range(steps):
        peer, width = partner(ranks, step), ranks >> (step + 1)
        parts.append(
            table(
                round=step,
                src=np.arange(ranks),
                dst=peer,
                chunk=owned[peer] // width * width,
                count=width,
                reduce=True,
            )
        )
    scatter = Schedule("swing", ranks, ranks, np.concatenate(parts))
    return then(scatter, reverse(scatter))


def _owned(ranks: int) -> Ranks:
    """Return the chunk each rank is to own: ranks that meet late lie side by side."""
    owned, first = np.zeros(ranks, dtype=np.int_), np.arange(ranks)
    for step in reversed(range(ranks.bit_length() - 1)):
        theirs = first[partner(ranks, step)]  # smallest rank of the other half
        owned += np.where(first > theirs, ranks >> (step + 1), 0)
        first = np.minimum(first, theirs)
    return owned
