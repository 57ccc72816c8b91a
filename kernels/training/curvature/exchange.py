"""How the ranks share factors: every layer on one of them, or all layers on all.

              factors                         inverses
sharded       reduce-scatter to the owners    each its own, then an allgather
replicated    allreduce, by any plan          each all of them

n values of all layers, P ranks: the sharded form sends 2 n (P-1)/P like an allreduce,
the second half only when there are new inverses, and does 1/P of the work at best.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from mpi4py import MPI

from tenbin import device
from tenbin.kernels.training.backprop.reduce import Reducer
from tenbin.kernels.training.curvature.blocks import Block, counts
from tenbin.kernels.training.layers.layer import Array
from tenbin.topology import Topology


class Exchange(Protocol):
    """`mine` are the blocks this rank keeps; others of its vectors are not current."""

    mine: Sequence[Block]

    def collect(self) -> None:
        """Sum the fresh factors, where this rank keeps them. Collective."""
        ...

    def spread(self, flat: Array) -> None:
        """Bring what the owners have written to all ranks. Collective."""
        ...

    def release(self) -> None:
        """End the communication."""
        ...


class Sharded:
    """Every layer has an owner."""

    def __init__(
        self, topology: Topology, found: list[Block], fresh: Array, algorithm: str
    ) -> None:
        self.comm, self.fresh = topology.world.Dup(), fresh
        self.mine = [block for block in found if block.owner == self.comm.rank]
        self.counts = counts(found, self.comm.size)
        start = sum(self.counts[: self.comm.rank])
        self.own = slice(start, start + self.counts[self.comm.rank])

    def collect(self) -> None:
        """Reduce-scatter: the own piece is complete."""
        if self.comm.size == 1:
            return
        host = device.to_host(self.fresh)
        summed = host[self.own].copy()
        self.comm.Reduce_scatter(host, summed, self.counts, op=MPI.SUM)
        self.fresh[self.own] = device.module_of(self.fresh).asarray(summed)

    def spread(self, flat: Array) -> None:
        """Allgather: all pieces are those of their owners."""
        if self.comm.size == 1:
            return
        host = device.to_host(flat)
        self.comm.Allgatherv(MPI.IN_PLACE, [host, self.counts])
        if host is not flat:
            flat[...] = device.module_of(flat).asarray(host)

    def release(self) -> None:
        """Free the communicator."""
        self.comm.Free()


class Replicated:
    """Every rank keeps all layers."""

    def __init__(
        self, topology: Topology, found: list[Block], fresh: Array, algorithm: str
    ) -> None:
        self.mine = found
        self._reducer = Reducer(topology, fresh, algorithm)

    def collect(self) -> None:
        """Sum everything everywhere."""
        self._reducer.finish()

    def spread(self, flat: Array) -> None:
        """Do nothing: it is everywhere."""

    def release(self) -> None:
        """Free the plans."""
        self._reducer.release()


EXCHANGES: dict[
    str, Callable[[Topology, list[Block], Array, str], Sharded | Replicated]
] = {"sharded": Sharded, "replicated": Replicated}
