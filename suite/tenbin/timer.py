"""Time one block of repetitions on all ranks, and gather its stamps.

Only the two stamps and the call lie inside the timed region.
"""

import resource
import time
from dataclasses import dataclass, field

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from tenbin import samples, starts
from tenbin.clock import Clock
from tenbin.kernel import Task
from tenbin.samples import Block
from tenbin.topology import LEADER

ENTRY, EXIT, CPU, SWITCHES, WINDOW = COLUMNS = range(5)
LOST, LATE = SWITCHES, WINDOW  # what the last two become once a block is timed
GATHER_LIMIT = 2**20  # stamps of one kind in a gathered block
UNSYNCHRONISED = "unsynchronised"
OWN_THREAD = getattr(resource, "RUSAGE_THREAD", resource.RUSAGE_SELF)


@dataclass
class Timer:
    """Times blocks on all ranks, and keeps how: from which start, with which flags."""

    comm: MPI.Comm
    task: Task
    clock: Clock
    flags: set[str] = field(default_factory=set)
    start_name: str = "none"
    start: starts.Start = field(default_factory=starts.Alone)
    done: int = 0

    @property
    def longest(self) -> int:
        """Return how many repetitions a block may have."""
        return max(1, GATHER_LIMIT // self.comm.size)

    def start_with(self, name: str) -> None:
        """Set the ranks off by another start from now on; collective."""
        self.start_name, self.start = name, starts.make(name, self.comm, self.clock)

    def residual_ns(self) -> int:
        """Return the largest error of any rank's clock now; collective."""
        mine = self.clock.residual_ns(time.perf_counter_ns())
        return int(self.comm.allreduce(mine, op=MPI.MAX))

    def __call__(self, count: int) -> Block | None:
        """Return the block of so many repetitions on rank 0, None elsewhere."""
        columns = np.zeros((len(COLUMNS), count), dtype=np.int64)
        began = time.perf_counter()
        time_block(self.task, self.start, self.done, columns)
        spent_s = time.perf_counter() - began
        self.done += count
        block = _gather(self.comm, _finish(columns, self.clock), spent_s)
        if block is None:
            return None
        self.start.adapt(int(np.count_nonzero(block.late)), count)
        return samples.local(block) if UNSYNCHRONISED in self.flags else block


def time_block(
    task: Task, start: starts.Start, first: int, columns: NDArray[np.int64]
) -> None:
    """Time one repetition for each column; rows are ENTRY, EXIT, CPU, SWITCHES, WINDOW.

    Times are local. Processor time is that of this thread without the spinning; the
    calls that read it add up to 1 us to it, nothing to entry and exit, and are hidden
    in the window where there is one.
    """
    reset, run = task.reset, task.run
    now, cpu = time.perf_counter_ns, time.thread_time_ns
    usage, own = resource.getrusage, OWN_THREAD
    for i in range(columns.shape[1]):
        reset(first + i)
        window = start()
        switches = usage(own).ru_nivcsw
        idle = cpu()
        entry = ready = now()
        while entry < window:
            entry = now()
        run()
        exit = now()
        busy = cpu()
        switches = usage(own).ru_nivcsw - switches
        columns[:, i] = entry, exit, busy - idle - (entry - ready), switches, window


def _finish(columns: NDArray[np.int64], clock: Clock) -> NDArray[np.int64]:
    """Turn switches into LOST, windows into LATE and local stamps into common ones."""
    entry, exit, cpu, switches, window = columns
    return np.stack(
        (
            clock.stamps(entry),
            clock.stamps(exit),
            np.maximum(cpu, 0),
            samples.lost_processor(exit - entry, cpu, switches),
            samples.started_late(entry, exit, window),
        )
    )


def _gather(comm: MPI.Comm, columns: NDArray[np.int64], spent_s: float) -> Block | None:
    """Return the block of all ranks on rank 0, None elsewhere."""
    everyone = None
    if comm.rank == LEADER:
        everyone = np.empty((comm.size, *columns.shape), dtype=np.int64)
    comm.Gather(columns, everyone, LEADER)
    if everyone is None:
        return None
    return Block(
        entry_ns=everyone[:, ENTRY].T.copy(),
        exit_ns=everyone[:, EXIT].T.copy(),
        cpu_ns=everyone[:, CPU].max(axis=0),
        lost=everyone[:, LOST].max(axis=0) > 0,
        late=everyone[:, LATE].max(axis=0) > 0,
        spent_s=spent_s,
    )
