"""AllReduce by recursive doubling: the whole buffer, exchanged with ever farther ranks.

    round    pairs of 4 ranks
      0      0 <-> 1   2 <-> 3      everything, added on both sides
      1      0 <-> 2   1 <-> 3

Cost of n bytes on p = 2^k ranks: k steps, k n bytes sent and added per rank: the
least steps there are, for messages so short that bytes do not matter. Other counts
are folded to a power of two (`power`). Source: Thakur, Rabenseifner and Gropp, 2005.
"""

import numpy as np

from tenbin.kernels.allreduce.power import on_power_of_two
from tenbin.kernels.allreduce.schedule import Schedule, table


def doubling(ranks: int) -> Schedule:
    """Return recursive doubling over any number of ranks."""
    return on_power_of_two(_doubling, ranks)


def _doubling(ranks: int) -> Schedule:
    rank = np.arange(ranks)
    step = np.arange(ranks.bit_length() - 1)[:, None]
    rows = table(
        round=step, src=rank, dst=rank ^ (1 << step), chunk=0, count=1, reduce=True
    )
    return Schedule("doubling", ranks, 1, rows)
