"""Time messages between ranks, by kind of link, and by who sends at the same time.

    intra   on every node                inter   between ranks of equal local rank
    pair    0-1  2-3 | 4-5  6-7                  0-4  1-5  2-6  3-7, or only the first
    ring    0-1-2-3- | 4-5-6-7-                  each sends to the next
    fan     all with all                         each sends to all others at once, or
                                                 of two, two messages to the other

A probe is a schedule too: that of a ring, or of direct levels, its sums made copies. So
the executor's cost of a step is in the measured latency, and data comes from where that
of an algorithm does: from a buffer of few messages, one of several in turns, and just
received. A ring is slower than pairs where ranks wait for a processor: whoever is late
holds up all others. Ranks without a part wait in MPI, as those of an algorithm.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from mpi4py import MPI

from tenbin.kernel import Options, Task
from tenbin.kernels.allreduce.execute_mpi import compile_plan, make_scratch
from tenbin.kernels.allreduce.pool import buffers_needed, make_pool
from tenbin.kernels.allreduce.schedule import Schedule, table
from tenbin.kernels.allreduce.turns import time_turns

LINKS = ("intra", "inter")
DTYPE = "float32"

Groups = tuple[tuple[int, ...], ...]  # ranks, each in one group at most


@dataclass(frozen=True)
class Probe:
    """How long a round takes in which each rank of a shape sends `message_bytes`.

    `pairs` per node exchange messages; in a ring or a fan of `members`, all ranks do.
    """

    link: str
    pairs: int
    message_bytes: int
    time_s: float
    shape: str = "pair"
    members: int = 2

    @property
    def rounds(self) -> int:
        """Return the rounds of its exchange."""
        return rounds_of(self.shape, self.members)


def by_node(nodes: Sequence[int]) -> Groups:
    """Return the ranks of each node."""
    return tuple(
        tuple(rank for rank, node in enumerate(nodes) if node == this)
        for this in sorted(set(nodes))
    )


def pair_up(nodes: Sequence[int], link: str, most: int) -> Groups:
    """Return the pairs of a kind of link, at most `most` per node.

    >>> pair_up([0, 0, 1, 1], "intra", 1), pair_up([0, 0, 1, 1], "inter", 2)
    (((0, 1), (2, 3)), ((0, 2), (1, 3)))
    """
    members = by_node(nodes)
    if link == "intra":
        inside = [list(pairwise(ranks))[::2][:most] for ranks in members]
        return tuple(pair for pairs in inside for pair in pairs)
    across = zip(members[::2], members[1::2], strict=False)  # an odd node rests
    return tuple(
        pair
        for one, other in across
        for pair in list(zip(one, other, strict=False))[:most]
    )


def pair_counts(nodes: Sequence[int], link: str) -> tuple[int, ...]:
    """Return the pairs per node to try at once: 1, 2, 4, ... and all of them."""
    per_node = max(map(len, by_node(nodes)))
    most = per_node // 2 if link == "intra" else per_node
    if not pair_up(nodes, link, most):
        return ()
    powers = (2**i for i in range(most.bit_length()))
    return tuple(dict.fromkeys((*powers, most)))


def in_groups(nodes: Sequence[int], link: str) -> Groups:
    """Return the ranks of each node, or those of equal local rank; none below three.

    >>> in_groups([0, 0, 0, 1, 1, 1], "intra"), in_groups([0, 0, 0, 1, 1, 1], "inter")
    (((0, 1, 2), (3, 4, 5)), ())
    """
    members = by_node(nodes)
    groups = members if link == "intra" else tuple(zip(*members, strict=False))
    return groups if min(map(len, groups)) > 2 else ()


def rounds_of(shape: str, members: int) -> int:
    """Return the rounds of an allreduce around a ring, or by direct levels."""
    return 2 * (members - 1) if shape == "ring" else 2


def exchange(ranks: int, groups: Groups, shape: str = "ring") -> Schedule:
    """Return the rounds of a ring or of direct levels, each sum a copy.

    In round t the member at place i sends chunk i - t, which has just come to it. In a
    fan of two there are two such chunks, not side by side, for the one peer.
    """
    width = max(map(len, groups))
    copies = 2 if shape == "fan" and width == 2 else 1
    rows = [
        (t, src, group[(place + distance) % len(group)], chunk + width * copy)
        for group in groups
        for t in range(rounds_of(shape, len(group)))
        for place, src in enumerate(group)
        for distance in range(1, 2 if shape == "ring" else len(group))
        for chunk in [(place - t) % len(group)]
        for copy in range(copies)
    ]
    step, src, dst, chunk = np.array(rows).T
    made = table(round=step, src=src, dst=dst, chunk=chunk, count=1, reduce=False)
    return Schedule("exchange", ranks, width * copies, made)


def prepare(
    comm: MPI.Comm, schedule: Schedule, message_bytes: int, ranks_per_node: int
) -> Task:
    """Return the task of an exchange, its buffers as many as an allreduce has."""
    buffer_bytes = schedule.chunks * message_bytes
    count = buffer_bytes // np.dtype(DTYPE).itemsize
    buffers = buffers_needed(buffer_bytes, ranks_per_node, Options())
    pool = make_pool(count, DTYPE, comm.size, comm.rank, buffers, seed=1)
    scratch = make_scratch(schedule, comm.rank, pool.buffers[0])
    plans = [compile_plan(schedule, comm, b, DTYPE, scratch) for b in pool.buffers]

    def release() -> None:
        for plan in plans:
            plan.release()

    return Task(
        run=lambda: plans[pool.current].start(),
        reset=pool.rotate,
        release=release,
        details={"buffers": buffers},
    )


def time_rounds(
    comm: MPI.Comm,
    groups: Groups,
    message_bytes: int,
    shape: str = "ring",
    ranks_per_node: int = 2,
) -> float:
    """Return the median time in seconds of one round of exchanges; collective."""
    schedule = exchange(comm.size, groups, shape)
    task = prepare(comm, schedule, message_bytes, ranks_per_node)
    part = any(comm.rank in group for group in groups)
    spent = time_turns(comm, task, part=part)
    task.release()
    return float(np.median(spent)) / schedule.rounds


def probe(comm: MPI.Comm, nodes: list[int], sizes: Sequence[int]) -> list[Probe]:
    """Time every kind of link, shape and size once; collective."""
    per_node = max(map(len, by_node(nodes)))
    asked = [
        (link, count, pair_up(nodes, link, count), "pair")
        for link in LINKS
        for count in pair_counts(nodes, link)
    ]
    for link in LINKS:
        if counts := pair_counts(nodes, link):
            rings = in_groups(nodes, link)
            pairs = pair_up(nodes, link, counts[-1])
            asked += [(link, counts[-1], rings, "ring")] if rings else []
            asked += [(link, counts[-1], rings or pairs, "fan")]
    return [
        Probe(
            link,
            count,
            size,
            time_rounds(comm, groups, size, shape, per_node),
            shape,
            len(groups[0]),
        )
        for size in sizes
        for link, count, groups, shape in asked
    ]


def typical(passes: Iterable[Iterable[Probe]]) -> list[Probe]:
    """Return each probe with the median of its times over several passes."""
    times: dict[Probe, list[float]] = defaultdict(list)
    for probes in passes:
        for one in probes:
            times[replace(one, time_s=0.0)].append(one.time_s)
    return [
        replace(one, time_s=float(np.median(spent))) for one, spent in times.items()
    ]
