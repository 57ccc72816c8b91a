"""Time messages between pairs of ranks, by kind of link and by pairs at once.

    intra   on every node, local ranks 0-1, 2-3, ...        inter   nodes 0-1, 2-3, ...,
            0-1  2-3 | 4-5  6-7                                     equal local ranks

A probe is a schedule too: rounds in which both ends of every pair send to each other,
compiled by the executor of the algorithms, so that what an executor costs per step is
in the measured latency. Each round has chunks of its own; nothing stays in a cache.
Ranks without a pair sleep: where ranks share processors, a spinning one would count.
"""

import time
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from mpi4py import MPI

from tenbin.kernels.allreduce.dtypes import accumulate
from tenbin.kernels.allreduce.execute_mpi import compile_plan
from tenbin.kernels.allreduce.plan import Plan
from tenbin.kernels.allreduce.schedule import Schedule, table

LINKS = ("intra", "inter")
FEWEST_ROUNDS, MOST_ROUNDS = 6, 32
PROBE_BYTES = 2**24  # per rank and plan, unless the fewest rounds need more
TURNS = 4  # buffers of a probe, written to: pages of zeros are no memory yet
REPETITIONS = 7
NAP_S = 1e-3

Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Probe:
    """How long a message takes while `pairs` pairs per node exchange messages."""

    link: str
    pairs: int
    message_bytes: int
    time_s: float


def pair_up(nodes: list[int], link: str, most: int) -> Pairs:
    """Return the pairs of a kind of link, at most `most` per node.

    >>> pair_up([0, 0, 1, 1], "intra", 1), pair_up([0, 0, 1, 1], "inter", 2)
    (((0, 1), (2, 3)), ((0, 2), (1, 3)))
    """
    members = [
        [rank for rank, node in enumerate(nodes) if node == this]
        for this in sorted(set(nodes))
    ]
    if link == "intra":
        inside = [list(pairwise(ranks))[::2][:most] for ranks in members]
        return tuple(pair for pairs in inside for pair in pairs)
    across = zip(members[::2], members[1::2], strict=False)  # an odd node rests
    return tuple(
        pair
        for one, other in across
        for pair in list(zip(one, other, strict=False))[:most]
    )


def pair_counts(nodes: list[int], link: str) -> tuple[int, ...]:
    """Return the pairs per node to try at once: 1, 2, 4, ... and all of them."""
    per_node = max(nodes.count(node) for node in set(nodes))
    most = per_node // 2 if link == "intra" else per_node
    if not pair_up(nodes, link, most):
        return ()
    doublings = [2**i for i in range(most.bit_length()) if 2**i < most]
    return (*doublings, most)


def exchange(ranks: int, pairs: Pairs, rounds: int) -> Schedule:
    """Return `rounds` rounds in which both ends of every pair send one chunk."""
    ends = np.array(pairs)
    step = np.arange(rounds)[:, None]
    rows = table(
        round=np.concatenate([step, step], axis=1).repeat(len(ends), axis=1),
        src=np.concatenate([ends[:, 0], ends[:, 1]]),
        dst=np.concatenate([ends[:, 1], ends[:, 0]]),
        chunk=np.concatenate([2 * step, 2 * step + 1], axis=1).repeat(
            len(ends), axis=1
        ),
        count=1,
        reduce=False,
    )
    return Schedule("exchange", ranks, 2 * rounds, rows)


def time_pairs(
    comm: MPI.Comm, pairs: Pairs, message_bytes: int, repetitions: int = REPETITIONS
) -> float:
    """Return the median time in seconds of one message; collective, same everywhere.

    A repetition takes as long as its slowest rank, divided by the rounds.
    """
    affordable = PROBE_BYTES // (2 * message_bytes)
    rounds = max(FEWEST_ROUNDS, min(MOST_ROUNDS, affordable))
    busy = any(comm.rank in pair for pair in pairs)
    plans: list[Plan] = []
    if busy:
        schedule = exchange(comm.size, pairs, rounds)
        buffers = np.ones((TURNS, 2 * rounds * message_bytes), dtype=np.uint8)
        plans = [compile_plan(schedule, comm, buffer) for buffer in buffers]
    spent = np.zeros(repetitions)
    for i in range(-1, repetitions):  # the first one warms up
        meet(comm)
        if plans:
            plan = plans[i % TURNS]
            began = time.perf_counter()
            plan.start()
            spent[i] = time.perf_counter() - began
    for plan in plans:
        plan.release()
    slowest = np.empty_like(spent)
    meet(comm)
    comm.Allreduce(spent, slowest, op=MPI.MAX)
    return float(np.median(slowest)) / rounds


def probe(comm: MPI.Comm, nodes: list[int], sizes: tuple[int, ...]) -> list[Probe]:
    """Time every kind of link, number of pairs and size; collective.

    The sizes take turns, so that a disturbance does not meet one kind alone.
    """
    plans = [
        (link, count) for link in LINKS for count in pair_counts(nodes, link) if count
    ]
    return [
        Probe(link, count, size, time_pairs(comm, pair_up(nodes, link, count), size))
        for size in sizes
        for link, count in plans
    ]


def time_adds(
    comm: MPI.Comm, nodes: list[int], sizes: tuple[int, ...], dtype: str
) -> list[tuple[int, float]]:
    """Return (bytes, seconds) of the executor's addition, on all ranks at once."""
    found = []
    for size in sizes:
        count = max(1, size // np.dtype(dtype).itemsize)
        buffers = np.ones((TURNS, 2, count), dtype=dtype)
        adds = [accumulate(dtype, target, arrived) for target, arrived in buffers]
        spent = np.zeros(REPETITIONS)
        for i in range(-1, REPETITIONS):
            comm.Barrier()
            began = time.perf_counter()
            adds[i % TURNS]()
            spent[i] = time.perf_counter() - began
        slowest = comm.allreduce(float(np.median(spent)), op=MPI.MAX)
        found.append((size, slowest))
    return found


def meet(comm: MPI.Comm) -> None:
    """Meet all ranks without spinning, then let go together."""
    meeting = comm.Ibarrier()
    while not meeting.Test():
        time.sleep(NAP_S)
    comm.Barrier()
