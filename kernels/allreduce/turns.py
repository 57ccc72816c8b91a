"""Time a task as steady use finds it: in turns over buffers that have been used before.

    first run       not timed; says how many more there is time for
    two passes      not timed: the first use of a buffer, and of the requests that were
                    made for it, takes up to twice as long
    16 repetitions  timed; fewer where they take long

A repetition takes as long as its slowest rank.
"""

import time

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from tenbin.kernel import Task

WARM_PASSES = 2
REPETITIONS, FEWEST = 16, 3
BUDGET_S = 0.1  # for the passes, and for the repetitions, of what takes long

Floats = NDArray[np.float64]


def time_turns(
    comm: MPI.Comm, task: Task, repetitions: int = REPETITIONS, part: bool = True
) -> Floats:
    """Return the seconds of each repetition (repetitions,), equal on all ranks.

    Collective over `comm`; ranks without a `part` wait in MPI while others run.
    """
    (first,) = _run(comm, task, range(1), part)
    affordable = int(BUDGET_S / first)
    warm = min(WARM_PASSES * int(task.details["buffers"]), affordable)
    timed = max(FEWEST, min(repetitions, affordable))
    _run(comm, task, range(1, warm), part)
    return _run(comm, task, range(warm, warm + timed), part)


def _run(comm: MPI.Comm, task: Task, turns: range, part: bool) -> Floats:
    """Run the repetitions of these numbers; return their seconds."""
    spent = np.zeros(len(turns))
    for i, turn in enumerate(turns):
        if part:
            task.reset(turn)
        comm.Barrier()
        began = time.perf_counter()
        if part:
            task.run()
            spent[i] = time.perf_counter() - began
    slowest = np.empty_like(spent)
    comm.Allreduce(spent, slowest, op=MPI.MAX)
    return slowest
