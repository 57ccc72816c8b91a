"""Reduce-scatter around a ring (baidu-research/baidu-allreduce, 2017; NCCL's ring).

Every rank sends one chunk to the right and adds the one that comes from the left; the
sum of chunk c sets out at rank c + 1 and arrives, complete, at rank c. Four ranks:

    round    0 -> 1    1 -> 2    2 -> 3    3 -> 0
      0      chunk 3   chunk 0   chunk 1   chunk 2
      1      chunk 2   chunk 3   chunk 0   chunk 1
      2      chunk 1   chunk 2   chunk 3   chunk 0

Cost of n bytes on p ranks: (p - 1) steps, (p - 1)/p n bytes sent and added per rank.
"""

import numpy as np

from tenbin.kernels.allreduce.schedule import Schedule, table


def ring(ranks: int) -> Schedule:
    """Return the reduce-scatter of `ranks` chunks that leaves chunk r on rank r."""
    step = np.arange(ranks - 1)[:, None]
    rank = np.arange(ranks)
    rows = table(
        round=step,
        src=rank,
        dst=(rank + 1) % ranks,
        chunk=(rank - 1 - step) % ranks,
        count=1,
        reduce=True,
    )
    return Schedule("ring", ranks, ranks, rows)
