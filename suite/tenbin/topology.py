"""Where the ranks are: one communicator for all, one per node, one across nodes.

    node 0      node 1
    0  1  2     3  4  5      world: 0..5
    |  |  |     |  |  |      intra: the ranks of one node        (row)
    +--|--|-----+--|--|      inter: equal local ranks, all nodes (column)

Real nodes are found through shared memory. On one machine, `ranks_per_node` smaller
than what is really there emulates nodes: same communicators, no network in between.
Only `discover` imports MPI, which starts it: a kernel's file may name a Topology where
its cases are only listed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tenbin.errors import UsageError

if TYPE_CHECKING:
    from mpi4py import MPI

LEADER = 0


@dataclass(frozen=True)
class Topology:
    """The ranks of `world` and their places; `hosts` is the census, by rank."""

    world: MPI.Comm
    intra: MPI.Comm
    inter: MPI.Comm
    hosts: tuple[str, ...]
    emulated: bool

    @property
    def rank(self) -> int:
        """Return this rank in the world."""
        return self.world.rank

    @property
    def size(self) -> int:
        """Return the number of ranks."""
        return self.world.size

    @property
    def local_rank(self) -> int:
        """Return this rank among those of its node."""
        return self.intra.rank

    @property
    def ranks_per_node(self) -> int:
        """Return the number of ranks on this node."""
        return self.intra.size

    @property
    def nodes(self) -> int:
        """Return the number of nodes, real or emulated."""
        return self.inter.size

    @property
    def host_ranks(self) -> tuple[int, ...]:
        """Return the ranks on this host, whatever nodes are emulated on it."""
        mine = self.hosts[self.rank]
        return tuple(r for r, host in enumerate(self.hosts) if host == mine)

    def free(self) -> None:
        """Free the communicators below the world."""
        self.intra.Free()
        self.inter.Free()


def discover(world: MPI.Comm, ranks_per_node: int | None = None) -> Topology:
    """Find the nodes of `world`, or emulate nodes of `ranks_per_node` ranks.

    Raises UsageError where the ranks do not fill whole nodes of that size.
    """
    from mpi4py import MPI

    shared = world.Split_type(MPI.COMM_TYPE_SHARED, key=world.rank)
    real = world.allgather(shared.size)
    per_node = ranks_per_node or min(real)
    emulated = per_node < min(real)
    if per_node > max(real) or (not emulated and len(set(real)) > 1):
        shared.Free()
        found = ", ".join(str(size) for size in sorted(set(real)))
        raise UsageError(f"ranks_per_node = {per_node}, but nodes hold {found} ranks")
    if shared.size % per_node:
        shared.Free()
        raise UsageError(f"{min(real)} ranks on a node do not fill nodes of {per_node}")
    node = world.rank if shared.rank % per_node == 0 else -1
    first = shared.allgather(node)
    place = first[shared.rank - shared.rank % per_node]
    shared.Free()
    intra = world.Split(place, world.rank)
    inter = world.Split(intra.rank, world.rank)
    hosts = tuple(world.allgather(MPI.Get_processor_name()))
    return Topology(world, intra, inter, hosts, emulated)
