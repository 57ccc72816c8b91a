"""From a case to a task: this rank's operands, its threads, its check."""

from functools import cache
from typing import Any

from tenbin import device, threads
from tenbin.check import Check
from tenbin.cold import copies, is_cold, last_level_cache_bytes
from tenbin.dtypes import result, storage
from tenbin.kernel import Options, Task
from tenbin.kernels.gemm import verify
from tenbin.kernels.gemm.operands import operands
from tenbin.kernels.gemm.pool import Pool
from tenbin.kernels.gemm.problem import GemmProblem
from tenbin.kernels.gemm.variant import Variant
from tenbin.topology import Topology


def task(
    problem: GemmProblem,
    variant: Variant,
    dtype: str,
    topology: Topology,
    options: Options,
) -> Task:
    """Return the task of this rank's block of the whole `problem`. Collective."""
    rows, columns = problem.block(topology.size, topology.rank)
    a, b = operands(problem, rows, columns, dtype, options.seed)
    cores = options.threads or threads.cores_per_rank(topology)
    place = _device(topology) if variant.on_device else _host(variant, dtype, cores)
    ranks = len(topology.host_ranks)
    out_bytes = a.shape[0] * b.shape[1] * storage(result(dtype)).itemsize
    set_bytes = a.nbytes + b.nbytes + out_bytes
    cache_bytes = int(place["cache_bytes"])
    most = 1 if options.hot else options.pool_bytes
    sets = copies(set_bytes, ranks, most, cache_bytes)
    pool = Pool(device.arrays(variant.on_device), a, b, sets)
    accumulate = variant.accumulate[dtype]

    @cache
    def right() -> verify.Oracle:
        return verify.oracle(a, b, dtype, accumulate, options.seed, variant.c)

    def check() -> Check:
        return verify.judge(device.to_host(pool.current[2]), right())

    def reset(repetition: int) -> None:
        pool.select(repetition)
        if variant.on_device:  # or the spoiling would be timed
            device.synchronise()

    def run() -> Any:
        return variant.run(*pool.current)

    details: dict[str, Any] = {**place, "accumulate": accumulate, "pool_sets": sets}
    details["cold"] = is_cold(set_bytes, ranks, sets, cache_bytes)
    details |= variant.tell(*pool.current, cores)
    if dtype in variant.slow_flop_per_s:
        details["slow_baseline"] = True
    return Task(run, reset, check, threads.pin(cores), details)


def _host(variant: Variant, dtype: str, cores: int) -> dict[str, Any]:
    if dtype in variant.slow_flop_per_s:
        place: dict[str, Any] = {"blas": "none", "threads": 1}
    else:
        place = {"blas": threads.blas_name(), "threads": cores}
    return {**place, "cache_bytes": last_level_cache_bytes()}


def _device(topology: Topology) -> dict[str, Any]:
    place = device.use(topology.host_ranks.index(topology.rank))
    return {"blas": "cublas", "threads": 1, **place}
