"""What a GEMM and an allreduce do to each other when they run at the same time.

    T_c  [ allreduce ]                  overlap = (T_c + T_g - T_both) / min(T_c, T_g)
    T_g  [   GEMM      ]                slow-downs = time within both / time alone
    both [ allreduce      ]
         [   GEMM           ]

1 is perfect overlap, 0 is none, below 0 they hinder each other. The allreduce runs on
a thread, as training frameworks do it; the three take turns, and the GEMM is as long
as the allreduce, which is where overlap could hide the most.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np
from mpi4py import MPI

LEAST_N, MOST_N = 64, 1024


@dataclass(frozen=True)
class Overlap:
    """Medians in seconds over the repetitions, each the slowest rank's."""

    comm_s: float
    gemm_s: float
    both_s: float
    comm_in_both_s: float
    gemm_in_both_s: float

    @property
    def overlap(self) -> float:
        """Return the share of the shorter one that was hidden."""
        alone = self.comm_s + self.gemm_s
        return (alone - self.both_s) / min(self.comm_s, self.gemm_s)

    @property
    def comm_slowdown(self) -> float:
        """Return how much longer the allreduce takes beside the GEMM."""
        return self.comm_in_both_s / self.comm_s

    @property
    def gemm_slowdown(self) -> float:
        """Return how much longer the GEMM takes beside the allreduce."""
        return self.gemm_in_both_s / self.gemm_s


def measure_overlap(
    comm: MPI.Comm,
    start: Callable[[], object],
    reset: Callable[[int], object],
    gemm: Callable[[], object],
    repetitions: int,
) -> Overlap:
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
    return Overlap(*np.median(rows[1:], axis=0).tolist())


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
