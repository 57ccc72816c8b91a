"""Reduce-scatter in one round: every rank sends each peer its chunk (all pairs).

    round    to 0       to 1       to 2       to 3
      0      chunk 0    chunk 1    chunk 2    chunk 3     from each of the others

Cost of n bytes on p ranks: one step, (p - 1)/p n bytes sent and added per rank; p - 1
messages meet at each rank at once. The pattern of small messages in a node: MSCCL's
all-pairs allreduce, NVIDIA's one-shot kernels.
"""

import numpy as np

from tenbin.kernels.allreduce.schedule import Schedule, table


def direct(ranks: int) -> Schedule:
    """Return the reduce-scatter of `ranks` chunks that leaves chunk r on rank r."""
    rank = np.arange(ranks)
    ahead = np.arange(1, ranks)[:, None]  # so that no two begin with the same peer
    peer = (rank + ahead) % ranks
    rows = table(round=0, src=rank, dst=peer, chunk=peer, count=1, reduce=True)
    return Schedule("direct", ranks, ranks, rows)
