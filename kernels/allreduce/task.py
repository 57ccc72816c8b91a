"""Make a case ready: buffers, a plan for each, and what really runs."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from tenbin.case import Case
from tenbin.dtypes import storage
from tenbin.kernel import Options, Task
from tenbin.kernels.allreduce import memory
from tenbin.kernels.allreduce.dtypes import adds
from tenbin.kernels.allreduce.executors import Job, compile_plans, node_of_ranks
from tenbin.kernels.allreduce.names import LIBRARIES, parse
from tenbin.kernels.allreduce.pool import Pool, buffers_needed, make_pool
from tenbin.kernels.allreduce.problem import elements
from tenbin.kernels.allreduce.traffic import traffic
from tenbin.topology import Topology


def task(case: Case, topology: Topology, options: Options) -> Task:
    """Return the task of a case; raise UsageError for a message of broken elements."""
    return _task(make_job(case, topology, options))


def task_on(
    variant: str,
    topology: Topology,
    pool: Pool,
    release_pool: Callable[[], object] = lambda: None,
) -> Task:
    """Return the task of running `variant` on the buffers of a pool, in turns.

    The pool must lie where the variant can use it (`memory`); releasing the task calls
    `release_pool` last.
    """
    return _task(_job(variant, topology, pool, release_pool))


def make_job(case: Case, topology: Topology, options: Options) -> Job:
    """Return what is to be compiled for a case, its pool where the variant needs it.

    Raises UsageError for a message of broken elements. Closing `Job.held` frees all.
    """
    count = elements(case.whole, case.dtype)
    message_bytes = count * storage(case.dtype).itemsize
    buffers = buffers_needed(message_bytes, topology.ranks_per_node, options)
    held = memory.memory_for(case.variant, topology, count, case.dtype, buffers)
    ranks = (topology.size, topology.rank)
    pool = make_pool(count, case.dtype, *ranks, buffers, options.seed, held.mine)
    pool.shared = held.shared
    return _job(case.variant, topology, pool, held.release)


def _job(
    variant: str, topology: Topology, pool: Pool, release_pool: Callable[[], object]
) -> Job:
    job = Job(variant, topology, topology.world.Dup(), pool)
    job.held.callback(release_pool)
    job.held.callback(job.comm.Free)
    return job


def _task(job: Job) -> Task:
    plans, pool = compile_plans(job), job.pool
    facts = {} if unscheduled(job.variant) else describe(job)
    return Task(
        run=lambda: plans[pool.current].start(),
        reset=pool.rotate,
        check=pool.check,
        release=job.held.close,
        details={**facts, **plans[0].details, "buffers": len(plans)},
    )


def unscheduled(variant: str) -> bool:
    """Return whether a library decides what happens, so that nothing can be counted."""
    return variant in LIBRARIES or parse(variant).by_library


def describe(job: Job) -> dict[str, Any]:
    """Return what a schedule does to a buffer, in JSON types."""
    schedule, buffer = job.schedule, job.pool.buffers[0]
    moved = traffic(schedule, node_of_ranks(job.topology), buffer.size, buffer.itemsize)
    return {
        "schedule": schedule.name,
        "rounds": schedule.rounds,
        **adds(job.pool.dtype),
        **asdict(moved),
    }
