"""The gradients of all ranks, summed while the backward pass goes on.

    compute        [ layer 3 ][ layer 2      ][ layer 1          ] wait [ update ]
    communication            [bucket 0][bucket 1]   [bucket 2][bucket 3]

Buckets are pieces of the flat vector, as large as a message needs to be, each with a
compiled allreduce of its own. A thread starts them in order, as they become complete;
all ranks have the same buckets, so they start them in the same order.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Protocol

from mpi4py import MPI

from tenbin import device
from tenbin.errors import UsageError
from tenbin.kernels.allreduce.plan import Plan
from tenbin.kernels.training.layers.layer import Array
from tenbin.kernels.training.plans import plans
from tenbin.topology import Topology

BUCKET_BYTES = 2**20


class Summing(Protocol):
    """Anything that sums a message which it knows over all ranks."""

    @property
    def message_bytes(self) -> int:
        """Return the bytes of a step."""
        ...

    @property
    def buckets(self) -> int:
        """Return the number of messages of a step."""
        ...

    def finish(self) -> None:
        """Wait for the sums. Collective."""
        ...

    def take_times(self) -> tuple[float, float]:
        """Return seconds of communication and of waiting that `finish` has hidden."""
        ...

    def release(self) -> None:
        """End the communication."""
        ...


class Reducer:
    """Sums a flat vector over all ranks, bucket by bucket; alone it does nothing."""

    def __init__(
        self,
        topology: Topology,
        flat: Array,
        algorithm: str,
        bucket_bytes: int = BUCKET_BYTES,
    ) -> None:
        self.comm_s = self.wait_s = 0.0
        self.message_bytes = int(flat.nbytes)
        self._held = ExitStack()
        self._plans: list[Plan] = []
        self._stops: list[int] = []
        self._pending: list[Future[float]] = []
        if topology.size > 1:
            self._compile(topology, flat, algorithm, bucket_bytes)

    def _compile(
        self, topology: Topology, flat: Array, algorithm: str, bucket_bytes: int
    ) -> None:
        if MPI.Query_thread() < MPI.THREAD_MULTIPLE:
            raise UsageError(
                "overlap needs MPI_THREAD_MULTIPLE, which MPI does not give"
            )
        count = max(1, bucket_bytes // flat.itemsize)
        starts = range(0, flat.size, count)
        buffers = tuple(flat[start : start + count] for start in starts)
        self._stops = [min(start + count, flat.size) for start in starts]
        comm = topology.world.Dup()
        self._held.callback(comm.Free)
        self._plans = plans(algorithm, topology, comm, buffers, self._held)
        enter = partial(device.use, topology.local_rank) if device.holds(flat) else None
        self._thread = ThreadPoolExecutor(1, "allreduce", enter)
        self._held.callback(self._thread.shutdown)

    @property
    def buckets(self) -> int:
        """Return the number of messages of a step."""
        return len(self._plans)

    def ready(self, end: int) -> None:
        """Start the buckets that end at or before `end`."""
        while len(self._pending) < len(self._plans):
            number = len(self._pending)
            if self._stops[number] > end:
                return
            start = self._plans[number].start
            self._pending.append(self._thread.submit(_timed, start))

    def finish(self) -> None:
        """Start what is left and wait for all sums."""
        if not self._plans:
            return
        self.ready(self._stops[-1])
        began = time.perf_counter()
        self.comm_s += sum(future.result() for future in self._pending)
        self.wait_s += time.perf_counter() - began
        self._pending.clear()

    def take_times(self) -> tuple[float, float]:
        """Return the seconds of communication, and of waiting for it, since last."""
        taken = self.comm_s, self.wait_s
        self.comm_s = self.wait_s = 0.0
        return taken

    def release(self) -> None:
        """End the thread and free the plans."""
        self._held.close()


def _timed(start: Callable[[], object]) -> float:
    began = time.perf_counter()
    start()
    return time.perf_counter() - began
