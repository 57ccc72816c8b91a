"""The time below which a schedule cannot come on given links, and what `busbw` says.

A port that never rests needs its bytes times beta: the bound is that of the fullest
port, of a rank or a node, in either direction, over the whole schedule. Latency,
additions and waiting are what keeps a run above it; `bound_fraction` says how far.

busbw (nccl-tests) holds all algorithms to the 2 (p - 1)/p n bytes that a rank sends in
a flat ring, whatever really goes over which link; it is for comparison with others.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.allreduce.links import Links
from tenbin.kernels.allreduce.schedule import Schedule
from tenbin.kernels.allreduce.traffic import moved_elements


def bound(
    schedule: Schedule,
    nodes: Sequence[int] | NDArray[np.int_],
    message_bytes: int,
    itemsize: int,
    links: Links,
) -> float:
    """Return the seconds that the fullest port is busy, rank r on node `nodes[r]`."""
    place = np.asarray(nodes)
    size = moved_elements(schedule, message_bytes // itemsize) * itemsize
    src, dst = schedule.rows["src"], schedule.rows["dst"]
    off = place[src] != place[dst]
    longest = 0.0
    for here, link in ((~off, links.intra), (off, links.inter)):
        busy = (link.beta(size, message_bytes) * size)[here]
        for end in (src[here], dst[here]):
            rank = np.bincount(end, busy).max(initial=0.0) / link.rank_ports
            node = np.bincount(place[end], busy).max(initial=0.0) / link.node_ports
            if link.credit_s:  # of each round a rank may send that much at once
                rank = 0.0
            longest = max(longest, rank, node - link.credit_s)
    return float(longest)


def bound_fraction(bound_s: float, time_s: float) -> float:
    """Return the share of the time in which the fullest port had to be busy.

    >>> bound_fraction(0.5, 2.0)
    0.25
    """
    return bound_s / time_s


def busbw(message_bytes: int, ranks: int, time_s: float) -> float:
    """Return the bus bandwidth of nccl-tests, in bytes per second.

    >>> busbw(8, 4, 2.0)
    6.0
    """
    return message_bytes / time_s * 2 * (ranks - 1) / ranks
