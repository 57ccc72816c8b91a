"""From a case to a task: this rank's operands, its threads, its check."""

from functools import cache
from typing import Any

from tenbin import device, threads
from tenbin.check import Check
from tenbin.cold import place_of, rotation
from tenbin.dtypes import Array, result, storage
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
    place = place_of(topology, variant.on_device)
    most = 1 if options.hot else options.pool_bytes
    ranks, cache_bytes = len(topology.host_ranks), int(place["cache_bytes"])
    sets, cold = rotation(_set_bytes(a, b, dtype), ranks, most, cache_bytes)
    pool = Pool(device.arrays(variant.on_device), a, b, sets)
    accumulate = variant.accumulate[dtype]

    @cache
    def right() -> verify.Oracle:
        return verify.oracle(a, b, dtype, accumulate, options.seed, variant.c)

    def check() -> Check:
        return verify.judge(device.to_host(pool.current[2]), right())

    def run() -> Any:
        return variant.run(*pool.current)

    details: dict[str, Any] = {**_library(variant, dtype, cores), **place}
    details |= {"accumulate": accumulate, "pool_sets": sets, "cold": cold}
    details |= variant.tell(*pool.current, cores)
    if dtype in variant.slow_flop_per_s:
        details["slow_baseline"] = True
    reset = device.settled(pool.select, variant.on_device)
    return Task(run, reset, check, threads.pin(cores), details)


def _set_bytes(a: Array, b: Array, dtype: str) -> int:
    """Return the bytes of both operands and of their product."""
    out = a.shape[0] * b.shape[1]
    return int(a.nbytes + b.nbytes + out * storage(result(dtype)).itemsize)


def _library(variant: Variant, dtype: str, cores: int) -> dict[str, Any]:
    """Return the library that multiplies, and on how many threads of the host."""
    if variant.on_device:
        return {"blas": "cublas", "threads": 1}
    if dtype in variant.slow_flop_per_s:
        return {"blas": "none", "threads": 1}
    return {"blas": threads.blas_name(), "threads": cores}
