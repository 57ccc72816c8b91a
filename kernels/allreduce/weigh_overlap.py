"""One case of overlap as a record: an allreduce and a GEMM, alone and at once.

The record is of kernel `overlap`; its samples are those of both at once, by the local
clock of the slowest rank, and its details hold the times of the others in the same
repetitions: what `overlap.medians` needs.
"""

import threading
import time
from collections.abc import Callable
from math import ceil

import msgspec
import numpy as np
from mpi4py import MPI
from threadpoolctl import threadpool_limits

from tenbin.case import Case
from tenbin.kernel import Options
from tenbin.kernels.allreduce import KERNEL
from tenbin.kernels.allreduce.overlap import OVERLAP, TIMES, Times, medians
from tenbin.record import CheckRow, Record, SampleRow, describe, utc_now
from tenbin.starts import crowded
from tenbin.topology import Topology

LEAST_N, MOST_N = 64, 1024
FIRST_LOOK = 5  # repetitions that say how long the GEMM has to be


def weigh_overlap(
    case: Case, topology: Topology, repetitions: int, run_id: str
) -> Record:
    """Weigh one case of `allreduce` beside a GEMM that takes as long; collective."""
    world, started = topology.world, utc_now()
    task = KERNEL.prepare(case, topology, Options())
    with threadpool_limits(1):
        short = make_gemm(world, 0.0)
        look = measure_overlap(world, task.run, task.reset, short, FIRST_LOOK)
        gemm = make_gemm(world, medians(look).comm_s)
        times = measure_overlap(world, task.run, task.reset, gemm, repetitions)
    check = task.check()
    ok = world.allreduce(check.ok, op=MPI.LAND)
    task.release()
    record = Record(
        **describe(case, run_id, 0),
        status="ok" if ok else "wrong",
        reason="" if ok else "wrong sum beside a GEMM",
        hosts=list(topology.hosts),
        samples=_samples(times["both"]),
        check=CheckRow(ok=ok, error=check.error, method=check.method, repetitions=1),
        flags=_flags(topology),
        details={**task.details, **{f"{name}_ns": times[name] for name in TIMES}},
        started=started,
    )
    key = f"{OVERLAP}{case.key.removeprefix(case.kernel)}"
    return msgspec.structs.replace(record, kernel=OVERLAP, case=key)


def _flags(topology: Topology) -> list[str]:
    found = {
        "emulated": topology.emulated,
        "oversubscribed": crowded(topology.world),
        "unsynchronised": True,
    }
    return [flag for flag, so in found.items() if so]


def _samples(both_ns: list[int]) -> SampleRow:
    return SampleRow(
        entry_ns=[[0] for _ in both_ns],
        exit_ns=[[spent] for spent in both_ns],
        cpu_ns=[],
        late=[],
        warmup_ns=[],
        start="barrier",
        residual_ns=0,
        stop="repetitions",
        condensed=True,
    )


def measure_overlap(
    comm: MPI.Comm,
    start: Callable[[], object],
    reset: Callable[[int], object],
    gemm: Callable[[], object],
    repetitions: int,
) -> Times:
    """Time `start` (an allreduce), `gemm` and both at once; collective.

    Raises RuntimeError where MPI was started without MPI_THREAD_MULTIPLE.
    """
    if MPI.Query_thread() < MPI.THREAD_MULTIPLE:
        raise RuntimeError("overlap needs MPI_THREAD_MULTIPLE, which MPI does not give")
    rows = []
    for i in range(-1, repetitions):  # the first one warms up
        times = np.zeros(5)
        for place, run in ((0, start), (1, gemm)):
            reset(3 * i + 3 + place)
            comm.Barrier()
            times[place] = _time(run)
        reset(3 * i + 5)
        comm.Barrier()
        times[2:] = _both(start, gemm)
        comm.Allreduce(MPI.IN_PLACE, times, op=MPI.MAX)
        rows.append(times)
    columns = np.rint(np.array(rows[1:]).T * 1e9).astype(np.int64).tolist()
    return dict(zip(TIMES, columns, strict=True))


def _time(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def _both(
    start: Callable[[], object], gemm: Callable[[], object]
) -> tuple[float, float, float]:
    """Return the time of both at once, and of each within."""
    inside: list[float] = []
    thread = threading.Thread(target=lambda: inside.append(_time(start)))
    began = time.perf_counter()
    thread.start()
    gemm_s = _time(gemm)
    thread.join()
    return time.perf_counter() - began, inside[0], gemm_s


def make_gemm(comm: MPI.Comm, seconds: float, n: int = 512) -> Callable[[], object]:
    """Return n x n products, as many as take about `seconds`; collective."""
    if not LEAST_N <= n <= MOST_N:
        raise ValueError(f"n is {LEAST_N} to {MOST_N}")
    a, b = np.ones((2, n, n), dtype=np.float32)
    out = np.empty_like(a)
    np.matmul(a, b, out=out)
    once = comm.allreduce(
        min(_time(lambda: np.matmul(a, b, out=out)) for _ in range(5)), op=MPI.MAX
    )
    count = max(1, ceil(seconds / once))

    def gemm() -> None:
        for _ in range(count):
            np.matmul(a, b, out=out)

    return gemm
