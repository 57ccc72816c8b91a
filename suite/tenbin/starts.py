"""How the ranks of one repetition are set off together.

    window    barrier; rank 0 announces a moment; every rank spins until it
    barrier   barrier; ranks leave it when they do
    none      a lone rank has nobody to wait for

A start is called by every rank between reset and run and returns the local time to wait
for, 0 for none. `adapt` is told by rank 0's gathered blocks how many came too late.
"""

import os
import time
from typing import Protocol

import numpy as np
from mpi4py import MPI

from tenbin import rule
from tenbin.clock import Clock, boot_identity, same
from tenbin.topology import LEADER

LEAD = 3  # a window is announced this many announcements ahead
SHORTEST_LEAD_NS = 5000  # what a rank needs to get ready once it has been told
CALIBRATIONS = 16
PROCESSORS = 4096  # that one machine may have


class Start(Protocol):
    """One of the three ways."""

    def __call__(self) -> int:
        """Return the local time to start at, 0 for now; collective."""
        ...

    def adapt(self, late: int, repetitions: int) -> None:
        """Learn from a block of which `late` repetitions started after their window."""
        ...


class Alone:
    """Start at once."""

    def __call__(self) -> int:
        """Return 0."""
        return 0

    def adapt(self, late: int, repetitions: int) -> None:
        """Change nothing."""


class Barrier(Alone):
    """Start when the barrier lets go."""

    def __init__(self, comm: MPI.Comm) -> None:
        self._wait = comm.Barrier

    def __call__(self) -> int:
        """Wait, then return 0."""
        self._wait()
        return 0


class Window:
    """Start at a moment of the common clock that rank 0 announces."""

    def __init__(self, comm: MPI.Comm, clock: Clock) -> None:
        self._comm, self._clock = comm, clock
        self._moment = np.zeros(1, dtype=np.int64)
        self.lead_ns = 0
        latency_ns = self._latency_ns()
        self.lead_ns = max(SHORTEST_LEAD_NS, LEAD * latency_ns)

    def __call__(self) -> int:
        """Announce a moment once all are there; return it on the local clock."""
        self._comm.Barrier()
        if self._comm.rank == LEADER:
            now_ns = self._clock.to_global(time.perf_counter_ns())
            self._moment[0] = now_ns + self.lead_ns
        self._comm.Bcast(self._moment, LEADER)
        return self._clock.to_local(int(self._moment[0]))

    def adapt(self, late: int, repetitions: int) -> None:
        """Announce earlier after a block with more than 1 % late."""
        self.lead_ns = rule.next_lead(self.lead_ns, late, repetitions)

    def _latency_ns(self) -> int:
        """Return how long an announcement takes to reach the last rank, as a median."""
        delays = np.zeros(CALIBRATIONS, dtype=np.int64)
        for i in range(CALIBRATIONS):
            announced = self()
            delays[i] = time.perf_counter_ns() - announced
        slowest = np.empty_like(delays)
        self._comm.Allreduce(delays, slowest, op=MPI.MAX)
        return int(np.median(slowest))


def make(name: str, comm: MPI.Comm, clock: Clock) -> Start:
    """Return the start of that name; collective."""
    if name == "window":
        return Window(comm, clock)
    return Barrier(comm) if name == "barrier" else Alone()


def crowded(comm: MPI.Comm) -> bool:
    """Return whether a machine has more ranks than processors they may use."""
    here = comm.Split(same(comm, boot_identity()), comm.rank)
    allowed = np.zeros(PROCESSORS, dtype=np.uint8)
    if hasattr(os, "sched_getaffinity"):
        allowed[list(os.sched_getaffinity(0))] = 1
    else:
        allowed[: os.cpu_count() or 1] = 1
    here.Allreduce(MPI.IN_PLACE, allowed, op=MPI.MAX)
    short = here.size > int(allowed.sum())
    here.Free()
    return bool(comm.allreduce(short, op=MPI.LOR))
