"""AllReduce by calls of the MPI library on sub-communicators, level by level.

    lib:4x2          Reduce_scatter in groups of 4, Allreduce of the pieces across,
                     Allgatherv in groups of 4
    lib-leader:4x2   Reduce to the leader of 4, Allreduce of leaders, Bcast

The first is Horovod's hierarchical allreduce and ChainerMN's two_dimensional
communicator, the second ChainerMN's hierarchical. The library chooses the algorithm of
each call. Any count: pieces are cut as chunks are in `lower`.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from tenbin.kernels.allreduce.library import DATATYPES
from tenbin.kernels.allreduce.plan import Plan
from tenbin.kernels.allreduce.schedule import Ranks

Buffer = NDArray[Any]
Calls = list[Callable[[], object]]


def library_levels(
    comm: MPI.Comm, form: str, levels: Sequence[int], places: Ranks, buffer: Buffer
) -> Plan:
    """Compile `lib` or `lib-leader` over `levels` for a buffer, in place.

    `places[i]` is the rank at place i of the hierarchy. Raises KeyError for a dtype
    that the library does not know.
    """
    place = int(np.flatnonzero(places == comm.rank)[0])
    split = scattered if form == "lib" else led
    calls, comms = split(comm, levels, place, buffer)
    details = {
        "executor": form,
        "datatype": DATATYPES[buffer.dtype.name].Get_name(),
        "steps": len(calls),
    }

    def start() -> None:
        for call in calls:
            call()

    def release() -> None:
        for level in comms:
            level.Free()

    return Plan(start, release, details)


def scattered(
    comm: MPI.Comm, levels: Sequence[int], place: int, buffer: Buffer
) -> tuple[Calls, list[MPI.Comm]]:
    """Return the calls of a rank that reduce-scatters, allreduces and allgathers."""
    datatype = DATATYPES[buffer.dtype.name]
    comms, down, up, stride = [], [], [], 1
    piece = buffer
    for size in levels[:-1]:
        group = _group(comm, place, stride, size)
        edges = [piece.size * i // size for i in range(size + 1)]
        counts = [last - first for first, last in pairwise(edges)]
        mine = np.empty(counts[group.rank], dtype=buffer.dtype)
        whole, part = [piece, datatype], [mine, datatype]
        down.append(partial(group.Reduce_scatter, whole, part, counts, MPI.SUM))
        gathered = [piece, counts, edges[:-1], datatype]
        up.append(partial(group.Allgatherv, part, gathered))
        comms.append(group)
        piece = mine
        stride *= size
    top = _group(comm, place, stride, levels[-1])
    across = partial(top.Allreduce, MPI.IN_PLACE, [piece, datatype], MPI.SUM)
    return [*down, across, *reversed(up)], [*comms, top]


def led(
    comm: MPI.Comm, levels: Sequence[int], place: int, buffer: Buffer
) -> tuple[Calls, list[MPI.Comm]]:
    """Return the calls of a rank that has a leader, or is one."""
    whole = [buffer, DATATYPES[buffer.dtype.name]]
    group = _group(comm, place, 1, levels[0])
    top = _group(comm, place, levels[0], prod(levels[1:]))
    is_leader = group.rank == 0
    source = MPI.IN_PLACE if is_leader else whole
    calls: Calls = [partial(group.Reduce, source, whole, MPI.SUM, 0)]
    if is_leader:
        calls.append(partial(top.Allreduce, MPI.IN_PLACE, whole, MPI.SUM))
    calls.append(partial(group.Bcast, whole, 0))
    return calls, [group, top]


def _group(comm: MPI.Comm, place: int, stride: int, size: int) -> MPI.Comm:
    """Split off the ranks whose places differ in one digit, in the order of it."""
    digit = place // stride % size
    return comm.Split(place - digit * stride, digit)
