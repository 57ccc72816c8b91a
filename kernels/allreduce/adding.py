"""Time additions as an algorithm does them: what has just arrived, to what has rested.

arrived    scratch, one for all, written just before: it comes from the cache
target     a part of a buffer that takes turns with others
"""

from collections.abc import Iterable, Sequence
from statistics import median

import numpy as np
from mpi4py import MPI

from tenbin.dtypes import storage
from tenbin.kernel import Options, Task
from tenbin.kernels.allreduce.dtypes import accumulate
from tenbin.kernels.allreduce.pages import fresh
from tenbin.kernels.allreduce.pool import buffers_needed, fill, make_pool
from tenbin.kernels.allreduce.turns import time_turns

Adds = Sequence[tuple[int, float]]  # bytes, seconds


def time_adds(
    comm: MPI.Comm, ranks_per_node: int, sizes: Sequence[int], dtype: str
) -> Adds:
    """Return (bytes, seconds) of the executor's addition, on all ranks at once."""
    found = []
    for size in sizes:
        task = prepare(comm, size, ranks_per_node, dtype)
        found.append((size, float(np.median(time_turns(comm, task)))))
    return found


def prepare(comm: MPI.Comm, size: int, ranks_per_node: int, dtype: str) -> Task:
    """Return the task of adding `size` bytes, refilled before each time."""
    count = size // storage(dtype).itemsize
    chunks = max(2, ranks_per_node)  # as in the probes of a node
    buffers = buffers_needed(chunks * size, ranks_per_node, Options())
    pool = make_pool(chunks * count, dtype, comm.size, comm.rank, buffers, seed=1)
    scratch = fresh(count, storage(dtype))
    adds = [accumulate(dtype, buffer[:count], scratch) for buffer in pool.buffers]

    def reset(turn: int) -> None:
        pool.rotate(turn)
        fill(scratch, pool.mine)

    return Task(
        run=lambda: adds[pool.current](), reset=reset, details={"buffers": buffers}
    )


def typical_adds(passes: Iterable[Adds]) -> Adds:
    """Return each size with the median of its times over several passes."""
    columns = zip(*passes, strict=True)
    return [(column[0][0], median(time for _, time in column)) for column in columns]
