"""AllReduce with shared memory inside the nodes: each rank adds its share of the node.

    window of rank 0   [ a0 | a1 ]      rank 0 reads a0, b0 and writes a0 + b0 to both,
    window of rank 1   [ b0 | b1 ]      rank 1 reads a1, b1 and writes a1 + b1 to both

Between the reading and the writing, ranks with equal places in their nodes may sum
their shares across the nodes, in any hierarchy. As a schedule it is `hierarchical` with
the pattern `direct` innermost: that is what is proved, counted and drawn.

Cost of n bytes on a node of p ranks: two barriers, n bytes read and n written per rank,
each once; nothing is copied before it is added.
"""

from collections.abc import Sequence

from tenbin.kernels.allreduce.hierarchical import PATTERNS, hierarchical
from tenbin.kernels.allreduce.schedule import Schedule


def shm(levels: Sequence[int], patterns: Sequence[str] = ()) -> Schedule:
    """Return the schedule of levels whose first is done in shared memory."""
    across = tuple(patterns[1:]) or (next(iter(PATTERNS)),) * (len(levels) - 1)
    return hierarchical(levels, ("direct", *across))
