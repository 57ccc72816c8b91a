"""Convolutions in turns, in one process, on one thread: checked, then timed."""

from collections.abc import Mapping
from dataclasses import replace
from time import thread_time_ns

import numpy as np
from mpi4py import MPI

from tenbin.case import Case
from tenbin.kernel import Options, Task
from tenbin.kernels.conv import KERNEL
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.topology import discover

TOPOLOGY = discover(MPI.COMM_SELF)
Contender = tuple[str, str, str]  # variant, dtype, layout


def times_ms(
    problem: ConvProblem, contenders: Mapping[str, Contender], rounds: int
) -> dict[str, float]:
    """Return the median of each contender that computes the problem.

    Times are of the thread's processor, so that other load matters less.
    """
    tasks = {label: ready(problem, *who) for label, who in contenders.items()}
    here = {label: task for label, task in tasks.items() if task is not None}
    spent: dict[str, list[int]] = {label: [] for label in here}
    for _ in range(rounds):
        for label, task in here.items():
            task.reset(0)
            begun = thread_time_ns()
            task.run()
            spent[label].append(thread_time_ns() - begun)
    for task in reversed(here.values()):  # the threads of BLAS and OpenMP stay one
        task.release()
    return {label: float(np.median(found)) * 1e-6 for label, found in spent.items()}


def ready(problem: ConvProblem, name: str, dtype: str, layout: str) -> Task | None:
    """Return a task that has passed its check, or None where it does not fit."""
    case = Case("conv", name, dtype, replace(problem, layout=layout))
    if KERNEL.decline(case):
        return None
    task = KERNEL.prepare(case, TOPOLOGY, Options(hot=True, threads=1))
    task.reset(0)
    task.run()
    if not task.check().ok:
        raise SystemExit(f"{name} {dtype} is wrong: {problem.label}")
    return task
