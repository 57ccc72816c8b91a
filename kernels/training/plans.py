"""Sums over the ranks, in place of arrays that stay: compiled once, started often."""

from collections.abc import Sequence
from contextlib import ExitStack

from mpi4py import MPI

from tenbin.kernels.allreduce.executors import Job, compile_plans
from tenbin.kernels.allreduce.names import canonical
from tenbin.kernels.allreduce.plan import Plan
from tenbin.kernels.allreduce.pool import Pool
from tenbin.kernels.training.layers.layer import Array
from tenbin.topology import Topology


def plans(
    algorithm: str,
    topology: Topology,
    comm: MPI.Comm,
    buffers: tuple[Array, ...],
    held: ExitStack,
    shared: Sequence[Sequence[Array]] = (),
) -> list[Plan]:
    """Return a plan for each buffer; `held` frees them. Collective.

    `shared` are the buffers of all ranks of the node, for algorithms that need them.
    """
    nothing = buffers[0][:0]
    pool = Pool(buffers, nothing, nothing, nothing.dtype.name, shared)
    job = Job(canonical(algorithm), topology, comm, pool)
    held.callback(job.held.close)
    return compile_plans(job)
