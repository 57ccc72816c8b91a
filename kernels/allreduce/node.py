"""Memory and a barrier that the ranks of one node share.

    window    rank 0 [ buffer 0 | buffer 1 | ... ]   each rank's part in its own pages,
              rank 1 [ buffer 0 | buffer 1 | ... ]   all parts seen by every rank

MPI_Win_allocate_shared gives the memory, so the library frees it, also where a run is
broken off. The barrier is native: no call of MPI, no system call unless it is long.
"""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from tenbin.dtypes import storage
from tenbin.kernels import native
from tenbin.starts import crowded
from tenbin.topology import LEADER, Topology

PAGE_BYTES = 4096
SPIN_NS = 1_000_000  # before a rank sleeps; a wake-up costs 5 to 50 us
CROWDED_SPIN_NS = 2_000
SLEEP_NS = 1_000_000  # before it helps MPI along and sleeps again

Buffer = NDArray[Any]


class Window:
    """Equal buffers of every rank of a node; `buffers[rank][i]` is seen by all."""

    def __init__(self, intra: MPI.Comm, count: int, dtype: str, buffers: int) -> None:
        item = storage(dtype)
        stride = -(-max(count * item.itemsize, 1) // PAGE_BYTES) * PAGE_BYTES
        self._window = _allocate(intra, stride * buffers)
        parts = [_mapped(self._window, rank) for rank in range(intra.size)]
        self.buffers = tuple(
            tuple(np.ndarray(count, item, part, stride * i) for i in range(buffers))
            for part in parts
        )

    def release(self) -> None:
        """Free the memory; collective. No array of it may be used any more."""
        self.buffers = ()
        self._window.Free()


class Barrier:
    """A barrier of the ranks of a node, for memory they share; call it to wait."""

    def __init__(self, topology: Topology) -> None:
        self._intra, self._module = topology.intra, native.load()
        line: int = self._module.FLAG_BYTES
        leads = self._intra.rank == LEADER
        self._window = _allocate(self._intra, line * self._intra.size * leads)
        memory = _mapped(self._window, LEADER)
        self._flags = np.ndarray(line * self._intra.size, np.uint8, memory)
        if leads:
            self._flags[:] = 0
        self._intra.Barrier()
        spin_ns = CROWDED_SPIN_NS if crowded(topology.world) else SPIN_NS
        self._patience = (spin_ns, SLEEP_NS)
        self._epoch = 0

    def __call__(self) -> None:
        """Wait for all; what they wrote before is then seen here.

        A peer may itself wait for messages that pass through this process, so MPI is
        called now and then.
        """
        self._epoch = (self._epoch + 1) % 2**32
        place = (self._flags, self._intra.rank, self._epoch)
        while not self._module.barrier(*place, *self._patience):
            self._intra.Iprobe(MPI.ANY_SOURCE, MPI.ANY_TAG)

    def release(self) -> None:
        """Free the flags; collective."""
        self._flags = np.empty(0, np.uint8)
        self._window.Free()


def _allocate(intra: MPI.Comm, size: int) -> MPI.Win:
    info = MPI.Info.Create({"alloc_shared_noncontig": "true"})
    window = MPI.Win.Allocate_shared(size, 1, info, cast(MPI.Intracomm, intra))
    info.Free()
    return window


def _mapped(window: MPI.Win, rank: int) -> Any:
    """Return the memory of a rank, as it is mapped here."""
    return window.Shared_query(rank)[0]


def others(parts: Sequence[Buffer], rank: int) -> tuple[Buffer, ...]:
    """Return the parts of all ranks but one."""
    return tuple(part for peer, part in enumerate(parts) if peer != rank)
