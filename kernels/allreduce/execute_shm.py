"""The shared-memory executor: ranks of a node add straight from each other's window.

    in the window       barrier | sum my share of all windows into all windows | barrier
    across nodes        barrier | ... into mine | sum across | to the others   | barrier

Nobody but its owner touches a share between the two barriers, so the ranks need no
other order. A private buffer goes through small stages of three pieces, which stay in
the caches; a piece is in one state on all ranks between two barriers:

    turn        0         1         2         3
    piece 0     copy in   sum       copy out
    piece 1               copy in   sum       copy out      one barrier for each turn
    piece 2                         copy in   sum ...

Copied in and out are only the shares of the others: a rank reads its own share from,
and writes it to, its own buffer.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels import native
from tenbin.kernels.allreduce.dtypes import adds_natively
from tenbin.kernels.allreduce.node import Barrier, others
from tenbin.kernels.allreduce.plan import Part, Plan

STAGES = 3
PIECE_BYTES = 2**19

Buffer = NDArray[Any]
Call = Callable[[], object]


def share_of(count: int, rank: int, ranks: int) -> tuple[int, int]:
    """Return the first element of the share of a rank, and its end."""
    return count * rank // ranks, count * (rank + 1) // ranks


def compile_shm(
    barrier: Barrier, parts: Sequence[Buffer], rank: int, dtype: str, across: Plan
) -> Plan:
    """Compile the sum of `parts`, one buffer in the window of each rank of the node.

    `across` sums this rank's share over the nodes; a plan without steps where there is
    one node. The plan releases neither it nor the barrier.
    """
    add = native.load().add
    first, last = share_of(parts[rank].size, rank, len(parts))
    place = (dtype, first, last)
    ins, mine = tuple(parts), (parts[rank],)
    calls: list[Call] = [partial(add, ins, ins, *place)]
    steps = [Part("sum", calls[0])]
    if across.parts:
        gather = partial(add, others(parts, rank), mine, *place)
        calls = [partial(add, mine, ins, *place), across.start, gather]
        between = (Part(f"across nodes, {one.name}", one.run) for one in across.parts)
        steps = [Part("sum", calls[0]), *between, Part("to the others", gather)]
    details = {"executor": "shm", "barriers": 2, **adds_natively(dtype)}
    return Plan(
        partial(run, (barrier, *calls, barrier)),
        details=details,
        parts=(Part("first barrier", barrier), *steps, Part("last barrier", barrier)),
    )


def compile_shm_copy(
    barrier: Barrier,
    stages: Sequence[Sequence[Buffer]],
    buffer: Buffer,
    rank: int,
    dtype: str,
) -> Plan:
    """Compile the sum of private buffers; `stages[rank]` are `STAGES` shared pieces."""
    piece = stages[rank][0].size
    states = [
        _piece(
            buffer[first : first + piece],
            [parts[number % STAGES] for parts in stages],
            rank,
            dtype,
        )
        for number, first in enumerate(range(0, buffer.size, max(piece, 1)))
    ]
    turns: list[list[Call]] = []
    for turn in range(len(states) + STAGES - 1 if states else 0):
        now = [
            states[turn - i][i] for i in range(STAGES) if 0 <= turn - i < len(states)
        ]
        turns.append([*chain.from_iterable(now), barrier])
    details = {"executor": "shm-copy", "barriers": len(turns)}
    return Plan(
        partial(run, tuple(chain.from_iterable(turns))),
        details={**details, **adds_natively(dtype)},
        parts=tuple(
            Part(f"turn {number}", partial(run, tuple(calls)))
            for number, calls in enumerate(turns)
        ),
    )


def _piece(
    mine: Buffer, stages: Sequence[Buffer], rank: int, dtype: str
) -> tuple[list[Call], list[Call], list[Call]]:
    """Return how one piece is copied in, summed and copied out."""
    shares = [share_of(mine.size, peer, len(stages)) for peer in range(len(stages))]
    first, last = shares[rank]
    around = [(0, first), (last, mine.size)]
    copy_in: list[Call] = [
        partial(np.copyto, stages[rank][begin:end], mine[begin:end])
        for begin, end in around
        if begin < end
    ]
    ins = tuple(mine if peer == rank else part for peer, part in enumerate(stages))
    add = partial(native.load().add, (mine, stages[rank]), ins, dtype, first, last)
    copy_out: list[Call] = [
        partial(np.copyto, mine[begin:end], part[begin:end])
        for peer, (part, (begin, end)) in enumerate(zip(stages, shares, strict=True))
        if peer != rank and begin < end
    ]
    return copy_in, [add], copy_out


def run(calls: tuple[Call, ...]) -> None:
    """Do one call after the other."""
    for call in calls:
        call()
