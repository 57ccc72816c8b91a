"""Which executor runs a name: from a name and a pool to one plan for each buffer.

name            memory                 executor
4x2, tree, ..   of each rank           execute_mpi      messages of MPI
lib:4x2         of each rank           library_levels   calls of the MPI library
shm:4x2         windows of the node    execute_shm      and messages across nodes
shm-copy        of each rank           execute_shm      through small windows
cuda:4x2        of a GPU               execute_mpi      messages of MPI
nccl:4x2        of a GPU               execute_nccl     messages of NCCL
*library        as the executor        one call
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np
from mpi4py import MPI

from tenbin import device
from tenbin.dtypes import storage
from tenbin.errors import UsageError
from tenbin.kernels.allreduce.execute_mpi import compile_plan, make_scratch
from tenbin.kernels.allreduce.execute_nccl import compile_nccl, nccl_library
from tenbin.kernels.allreduce.execute_shm import (
    PIECE_BYTES,
    STAGES,
    compile_shm,
    compile_shm_copy,
    share_of,
)
from tenbin.kernels.allreduce.hierarchical import hierarchical
from tenbin.kernels.allreduce.library import library
from tenbin.kernels.allreduce.library_levels import library_levels
from tenbin.kernels.allreduce.names import LIBRARIES, LIBRARY, Name, parse
from tenbin.kernels.allreduce.node import Barrier, Window
from tenbin.kernels.allreduce.plan import Plan
from tenbin.kernels.allreduce.pool import Buffer, Pool
from tenbin.kernels.allreduce.schedule import Ranks, Schedule, relabel
from tenbin.topology import Topology

Plans = list[Plan]


@dataclass(frozen=True, eq=False)
class Job:
    """What is to be compiled; `held` frees, last first, what the plans stand on."""

    variant: str
    topology: Topology
    comm: MPI.Comm
    pool: Pool
    held: ExitStack = field(default_factory=ExitStack)

    @property
    def name(self) -> Name:
        """Return the parsed name; libraries have none."""
        return parse(self.variant)

    @property
    def levels(self) -> tuple[int, ...]:
        """Return the ranks of each level."""
        return self.name.levels(self.topology.size, self.topology.ranks_per_node)

    @property
    def schedule(self) -> Schedule:
        """Return the schedule, its inner levels inside the nodes.

        Launchers may deal ranks round robin; the schedule takes them node by node.
        """
        made = self.name.schedule(self.topology.size, self.topology.ranks_per_node)
        return relabel(made, node_by_node(self.topology))


def node_of_ranks(topology: Topology) -> list[int]:
    """Return the node of every rank; nodes are numbered by their first rank."""
    leaders = topology.world.allgather(topology.intra.bcast(topology.rank))
    numbers = {leader: node for node, leader in enumerate(sorted(set(leaders)))}
    return [numbers[leader] for leader in leaders]


def node_by_node(topology: Topology) -> Ranks:
    """Return the ranks of the first node, then of the next."""
    return np.argsort(node_of_ranks(topology), kind="stable")


def by_messages(job: Job) -> Plans:
    """Compile messages of MPI, from whatever memory the pool has."""
    pool, schedule, comm = job.pool, job.schedule, job.comm
    scratch = make_scratch(schedule, comm.rank, pool.buffers[0])  # they take turns
    return [compile_plan(schedule, comm, b, pool.dtype, scratch) for b in pool.buffers]


def by_library(job: Job) -> Plans:
    """Compile MPI's own allreduce."""
    return [library(job.comm, buffer) for buffer in job.pool.buffers]


def by_library_levels(job: Job) -> Plans:
    """Compile library calls level by level, inner levels in the nodes."""
    name, topology = job.name, job.topology
    places = node_by_node(topology)[name.places(topology.size, topology.ranks_per_node)]
    return [
        library_levels(job.comm, name.form, job.levels, places, buffer)
        for buffer in job.pool.buffers
    ]


def in_window(job: Job) -> Plans:
    """Compile adds in the windows of the node, and messages between the nodes."""
    pool, topology = job.pool, job.topology
    if not pool.shared:
        raise UsageError(f"{job.variant} needs buffers that the node shares")
    barrier, rank = Barrier(topology), topology.local_rank
    job.held.callback(barrier.release)
    plans = []
    for number, buffer in enumerate(pool.buffers):
        first, last = share_of(buffer.size, rank, topology.ranks_per_node)
        across = _across(job, buffer[first:last])
        job.held.callback(across.release)
        parts = [memory[number] for memory in pool.shared]
        plans.append(compile_shm(barrier, parts, rank, pool.dtype, across))
    return plans


def _across(job: Job, mine: Buffer) -> Plan:
    """Compile the sum of one share over the nodes."""
    outer = job.levels[1:]
    if not outer:
        return Plan(lambda: None)
    schedule = hierarchical(outer, job.name.patterns[1:])
    comm = job.topology.inter
    return compile_plan(schedule, comm, mine, job.pool.dtype)


def private(job: Job) -> Plans:
    """Compile adds through small windows of the node, from and to private buffers."""
    pool, topology = job.pool, job.topology
    barrier = Barrier(topology)
    job.held.callback(barrier.release)
    piece = PIECE_BYTES // storage(pool.dtype).itemsize
    window = Window(topology.intra, piece, pool.dtype, STAGES)
    job.held.callback(window.release)
    return [
        compile_shm_copy(
            barrier, window.buffers, buffer, topology.local_rank, pool.dtype
        )
        for buffer in pool.buffers
    ]


def by_nccl(job: Job) -> Plans:
    """Compile groups of NCCL's sends and receives."""
    nccl, schedule = device.nccl_communicator(job.comm), job.schedule
    job.held.callback(nccl.destroy)
    rank = job.comm.rank
    return [compile_nccl(schedule, nccl, rank, b) for b in job.pool.buffers]


def by_nccl_library(job: Job) -> Plans:
    """Compile NCCL's own allreduce."""
    nccl = device.nccl_communicator(job.comm)
    job.held.callback(nccl.destroy)
    return [nccl_library(nccl, buffer) for buffer in job.pool.buffers]


# name of a library, or form of a schedule -> its executor, if not `by_messages`
EXECUTORS: Mapping[str, Callable[[Job], Plans]] = {
    LIBRARY: by_library,
    "cuda-library": by_library,
    "nccl-library": by_nccl_library,
    "lib": by_library_levels,
    "lib-leader": by_library_levels,
    "shm": in_window,
    "shm-copy": private,
    "nccl": by_nccl,
}


def compile_plans(job: Job) -> Plans:
    """Return one plan for each buffer of the pool, freed with the job; collective."""
    key = job.variant if job.variant in LIBRARIES else job.name.form
    plans = EXECUTORS.get(key, by_messages)(job)
    for plan in plans:
        job.held.callback(plan.release)
    return plans
