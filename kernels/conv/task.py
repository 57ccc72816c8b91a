"""From a case to a task: this rank's operands, its plan, its check."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from mpi4py import MPI

from tenbin import device, threads
from tenbin.check import Check
from tenbin.cold import place_of, rotation
from tenbin.dtypes import Array
from tenbin.kernel import Options, Task
from tenbin.kernels.conv import verify
from tenbin.kernels.conv.networks import places
from tenbin.kernels.conv.operands import operands, result_shape
from tenbin.kernels.conv.pool import Pool
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.split import share
from tenbin.kernels.conv.variant import Plan, Variant
from tenbin.topology import Topology


def task(
    whole: ConvProblem,
    variant: Variant,
    dtype: str,
    topology: Topology,
    options: Options,
) -> Task:
    """Return the task of this rank's share of the `whole` problem. Collective."""
    mine = share(whole, topology.size, topology.rank)
    problem = mine.problem
    first, second = operands(whole, mine, dtype, options.seed)
    cores = options.threads or threads.cores_per_rank(topology)
    restore = threads.pin(cores)
    place = place_of(topology, variant.on_device)
    plan = variant.plan(problem, dtype, cores)
    accumulate = variant.sums(plan, dtype)
    sets, cold = _sets(problem, first, second, topology, options, place)
    pool = Pool(plan, problem, dtype, (first, second), sets)
    select = device.settled(pool.select, variant.on_device)
    result: list[Any] = [None]

    def reset(repetition: int) -> None:
        result[0] = None
        select(repetition)

    def run() -> Any:
        result[0] = plan.run(*pool.current)
        return result[0]

    @cache
    def right() -> verify.Oracle:
        bound = (accumulate, plan.c, plan.tile)
        return verify.oracle(problem, first, second, dtype, *bound)

    def check() -> Check:
        if result[0] is None:
            return Check(ok=False, error=float("nan"), method=verify.METHOD)
        verdict, accuracy = _judged(plan.read(result[0]), right(), topology)
        details.update(accuracy)
        return verdict

    details: dict[str, Any] = {"threads": cores, "accumulate": accumulate}
    details |= {"pool_sets": sets, "cold": cold, **place, **_told(whole, plan, pool)}
    if dtype in variant.slow_flop_per_s:
        details["slow_baseline"] = True
    return Task(run, reset, check, restore, details)


def _sets(
    problem: ConvProblem,
    first: Array,
    second: Array,
    topology: Topology,
    options: Options,
    place: Mapping[str, Any],
) -> tuple[int, bool]:
    """Return how many sets take turns, and whether that makes them cold."""
    if options.hot or problem.cold == "none":
        return 1, False
    set_bytes = second.nbytes
    if problem.cold == "all":
        set_bytes += first.nbytes + math.prod(result_shape(problem)) * first.itemsize
    ranks, cache_bytes = len(topology.host_ranks), int(place["cache_bytes"])
    return rotation(set_bytes, ranks, options.pool_bytes, cache_bytes)


def _told(whole: ConvProblem, plan: Plan, pool: Pool) -> dict[str, Any]:
    """Return what is known of a shape, and what its plan and packing say."""
    shape = {"flops_unpadded": whole.flops_unpadded, "networks": places(whole)}
    packing = {"pack_s": pool.pack_s} if plan.packs else {}
    return {**shape, **packing, **plan.details}


def _judged(
    computed: Array, right: verify.Oracle, topology: Topology
) -> tuple[Check, dict[str, float]]:
    """Judge this rank's result; where all are right, add how exact they are.

    Each number is that of its worst rank, with its sign. Collective.
    """
    verdict = verify.judge(computed, right)
    if not topology.world.allreduce(verdict.ok, op=MPI.LAND):
        return verdict, {}
    everyone = topology.world.allgather(asdict(verify.accuracy(computed, right)))
    names = everyone[0]
    return verdict, {name: max((x[name] for x in everyone), key=abs) for name in names}
