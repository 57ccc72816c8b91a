"""Make a case ready: buffers, a plan for each, and what really runs."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from tenbin.case import Case
from tenbin.kernel import Options, Task
from tenbin.kernels.allreduce.execute_mpi import compile_plan
from tenbin.kernels.allreduce.library import library
from tenbin.kernels.allreduce.names import LIBRARY, parse
from tenbin.kernels.allreduce.pool import Pool, buffers_needed, make_pool
from tenbin.kernels.allreduce.problem import elements
from tenbin.kernels.allreduce.schedule import Schedule, relabel
from tenbin.kernels.allreduce.traffic import traffic
from tenbin.topology import Topology


def task(case: Case, topology: Topology, options: Options) -> Task:
    """Return the task of a case; raise UsageError for a message of broken elements."""
    count = elements(case.whole, case.dtype)
    message_bytes = count * np.dtype(case.dtype).itemsize
    buffers = buffers_needed(message_bytes, topology.ranks_per_node, options.hot)
    pool = make_pool(
        count, case.dtype, topology.size, topology.rank, buffers, options.seed
    )
    return task_on(case.variant, topology, pool)


def task_on(variant: str, topology: Topology, pool: Pool) -> Task:
    """Return the task of running `variant` on the buffers of a pool, in turns."""
    comm = topology.world.Dup()
    facts: Mapping[str, Any] = {}
    if variant == LIBRARY:
        plans = [library(comm, buffer) for buffer in pool.buffers]
    else:
        nodes = place(topology)
        schedule = build(variant, topology, nodes)
        plans = [compile_plan(schedule, comm, buffer) for buffer in pool.buffers]
        facts = describe(schedule, nodes, pool)

    def release() -> None:
        for plan in plans:
            plan.release()
        comm.Free()

    return Task(
        run=lambda: plans[pool.current].start(),
        reset=pool.rotate,
        check=pool.check,
        release=release,
        details={**facts, **plans[0].details, "buffers": len(plans)},
    )


def place(topology: Topology) -> list[int]:
    """Return the node of every rank; nodes are numbered by their first rank."""
    leaders = topology.world.allgather(topology.intra.bcast(topology.rank))
    numbers = {leader: node for node, leader in enumerate(sorted(set(leaders)))}
    return [numbers[leader] for leader in leaders]


def build(variant: str, topology: Topology, nodes: list[int]) -> Schedule:
    """Return the schedule of a name, its inner levels inside the nodes.

    Launchers may deal ranks round robin; the schedule takes them node by node.
    """
    schedule = parse(variant).schedule(topology.size, topology.ranks_per_node)
    return relabel(schedule, np.argsort(nodes, kind="stable"))


def describe(schedule: Schedule, nodes: list[int], pool: Pool) -> dict[str, Any]:
    """Return what a schedule does to a buffer, in JSON types."""
    buffer = pool.buffers[0]
    moved = traffic(schedule, nodes, buffer.size, buffer.itemsize)
    adds = "numpy, element by element" if buffer.dtype == np.float16 else "numpy"
    return {
        "schedule": schedule.name,
        "rounds": schedule.rounds,
        "adds": adds,
        **asdict(moved),
    }
