"""Time messages between ranks, by kind of link, and by who sends at the same time.

    intra   on every node                inter   between ranks of equal local rank
    pair    0-1  2-3 | 4-5  6-7                  0-4  1-5  2-6  3-7, or only the first
    ring    0-1-2-3- | 4-5-6-7-                  each sends to the next
    fan     all with all                         each sends to all others at once

A probe is a schedule too, compiled by the executor of the algorithms, so that what an
executor costs per step is in the measured latency. It runs as they do: rounds in a
buffer of few messages, several such buffers in turns, so that data comes from where
theirs does. A ring is slower than pairs where ranks wait for a processor: whoever is
late holds up all others. Ranks without a part wait in MPI, as those of an algorithm.
"""

import mmap
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from tenbin.kernels.allreduce.dtypes import accumulate
from tenbin.kernels.allreduce.execute_mpi import compile_plan
from tenbin.kernels.allreduce.plan import Plan
from tenbin.kernels.allreduce.schedule import Schedule, table

LINKS = ("intra", "inter")
SHAPES = ("ring", "fan")  # of three and more; of two they are pairs
FEWEST_ROUNDS, MOST_ROUNDS = 1, 8
PROBE_BYTES = 2**21  # of a buffer, unless the fewest rounds need more
TURNS = 4  # buffers of a probe
LARGE_PAGES_FROM = 2**22
REPETITIONS = 5

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
    """Return the pairs per node to try at once: one, and all of them."""
    per_node = max(map(len, by_node(nodes)))
    most = per_node // 2 if link == "intra" else per_node
    if not pair_up(nodes, link, most):
        return ()
    return tuple(dict.fromkeys((1, most)))


def in_groups(nodes: Sequence[int], link: str) -> Groups:
    """Return the ranks of each node, or those of equal local rank; none below three.

    >>> in_groups([0, 0, 0, 1, 1, 1], "intra"), in_groups([0, 0, 0, 1, 1, 1], "inter")
    (((0, 1, 2), (3, 4, 5)), ())
    """
    members = by_node(nodes)
    groups = members if link == "intra" else tuple(zip(*members, strict=False))
    return groups if min(map(len, groups)) > 2 else ()


def exchange(ranks: int, groups: Groups, rounds: int, shape: str = "ring") -> Schedule:
    """Return `rounds` rounds in which members of a group send to the next, or to all.

    In each round every member has a chunk of its own, sent and not written.
    """
    ends = [
        (src, group[(place + distance) % len(group)], place)
        for group in groups
        for place, src in enumerate(group)
        for distance in range(1, 2 if shape == "ring" else len(group))
    ]
    src, dst, place = np.array(ends).T
    chunks, step = max(map(len, groups)), np.arange(rounds).repeat(len(ends))
    rows = table(
        round=step,
        src=np.tile(src, rounds),
        dst=np.tile(dst, rounds),
        chunk=np.tile(place, rounds) + chunks * step,
        count=1,
        reduce=False,
    )
    return Schedule("exchange", ranks, chunks * rounds, rows)


def time_rounds(
    comm: MPI.Comm,
    groups: Groups,
    message_bytes: int,
    shape: str = "ring",
    repetitions: int = REPETITIONS,
) -> float:
    """Return the median time in seconds of one round of exchanges; collective.

    A repetition takes as long as its slowest rank, divided by the rounds.
    """
    chunk_bytes = message_bytes * max(map(len, groups))
    rounds = max(FEWEST_ROUNDS, min(MOST_ROUNDS, PROBE_BYTES // chunk_bytes))
    plans: list[Plan] = []
    if any(comm.rank in group for group in groups):
        schedule = exchange(comm.size, groups, rounds, shape)
        buffers = [_fresh(rounds * chunk_bytes) for _ in range(TURNS)]
        plans = [compile_plan(schedule, comm, buffer) for buffer in buffers]
    spent = np.zeros(repetitions)
    for i in range(-1, repetitions):  # the first one warms up
        comm.Barrier()
        began = time.perf_counter()
        if plans:
            plans[i % TURNS].start()
            spent[i] = time.perf_counter() - began
    for plan in plans:
        plan.release()
    slowest = np.empty_like(spent)
    comm.Allreduce(spent, slowest, op=MPI.MAX)
    return float(np.median(slowest)) / rounds


def probe(comm: MPI.Comm, nodes: list[int], sizes: Sequence[int]) -> list[Probe]:
    """Time every kind of link, shape and size once; collective."""
    asked = [
        (link, count, pair_up(nodes, link, count), "pair")
        for link in LINKS
        for count in pair_counts(nodes, link)
    ]
    asked += [
        (link, pair_counts(nodes, link)[-1], groups, shape)
        for link in LINKS
        for shape in SHAPES
        if (groups := in_groups(nodes, link))
    ]
    return [
        Probe(
            link,
            count,
            size,
            time_rounds(comm, groups, size, shape),
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


def time_adds(
    comm: MPI.Comm, nodes: list[int], sizes: tuple[int, ...], dtype: str
) -> list[tuple[int, float]]:
    """Return (bytes, seconds) of the executor's addition, on all ranks at once."""
    found = []
    for size in sizes:
        count = size // np.dtype(dtype).itemsize
        parts = [_fresh(2 * size).view(dtype) for _ in range(TURNS)]
        adds = [accumulate(dtype, part[:count], part[count:]) for part in parts]
        spent = np.zeros(REPETITIONS)
        for i in range(-1, REPETITIONS):
            comm.Barrier()
            began = time.perf_counter()
            adds[i % TURNS]()
            spent[i] = time.perf_counter() - began
        slowest = comm.allreduce(float(np.median(spent)), op=MPI.MAX)
        found.append((size, slowest))
    return found


def _fresh(count: int) -> NDArray[np.uint8]:
    """Return memory straight from the system, in large pages where NumPy asks for them.

    So are the buffers of algorithms; what an allocator has had before may lie nearer
    to the processor.
    """
    memory = mmap.mmap(-1, count)
    if count >= LARGE_PAGES_FROM and hasattr(mmap, "MADV_HUGEPAGE"):
        memory.madvise(mmap.MADV_HUGEPAGE)
    buffer = np.frombuffer(memory, dtype=np.uint8)
    buffer.fill(0)  # pages nobody has written to are no memory yet
    return buffer
