"""How the ranks share a vector of sums: a piece on each of them, or all on all.

              sums                            what is made of them
sharded       reduce-scatter to the owners    each its own, then an allgather
replicated    allreduce, by any plan          each all of it

n values, P ranks: the sharded form sends 2 n (P-1)/P like an allreduce, the second half
only when there is something new to tell, and does 1/P of the work at best.
"""

from collections.abc import Callable, Sequence

from mpi4py import MPI

from tenbin import device
from tenbin.kernels.training.backprop.reduce import Reducer
from tenbin.kernels.training.layers.layer import Array
from tenbin.topology import Topology


class Sharded:
    """Every rank owns a piece of `sums`, of `lengths` rank by rank: `own`.

    MPI's own reduce-scatter sums; `algorithm`, of an allreduce, does not apply.
    """

    summed_by = "reduce-scatter"

    def __init__(
        self, topology: Topology, lengths: Sequence[int], sums: Array, algorithm: str
    ) -> None:
        self.comm, self.sums, self.lengths = topology.world.Dup(), sums, lengths
        start = sum(lengths[: self.comm.rank])
        self.own = slice(start, start + lengths[self.comm.rank])

    def collect(self) -> None:
        """Reduce-scatter: the own piece is complete, others are not. Collective."""
        if self.comm.size == 1:
            return
        host = device.to_host(self.sums)
        summed = host[self.own].copy()
        self.comm.Reduce_scatter(host, summed, self.lengths, op=MPI.SUM)
        self.sums[self.own] = device.module_of(self.sums).asarray(summed)

    def spread(self, flat: Array) -> None:
        """Allgather: all pieces are those of their owners. Collective."""
        if self.comm.size == 1:
            return
        host = device.to_host(flat)
        self.comm.Allgatherv(MPI.IN_PLACE, [host, self.lengths])
        if host is not flat:
            flat[...] = device.module_of(flat).asarray(host)

    def release(self) -> None:
        """Free the communicator."""
        self.comm.Free()


class Replicated:
    """Every rank keeps everything."""

    def __init__(
        self, topology: Topology, lengths: Sequence[int], sums: Array, algorithm: str
    ) -> None:
        self.own, self.summed_by = slice(0, sums.size), algorithm
        self._reducer = Reducer(topology, sums, algorithm)

    def collect(self) -> None:
        """Sum everything everywhere. Collective."""
        self._reducer.finish()

    def spread(self, flat: Array) -> None:
        """Do nothing: it is everywhere."""

    def release(self) -> None:
        """Free the plans."""
        self._reducer.release()


EXCHANGES: dict[
    str, Callable[[Topology, Sequence[int], Array, str], Sharded | Replicated]
] = {"sharded": Sharded, "replicated": Replicated}
