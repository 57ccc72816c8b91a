"""AllReduce: the sum of a buffer over all ranks, in place, the same on every rank.

An algorithm is a table (`schedule`), made by a generator (`ring`, `hierarchical`),
named by a short string (`names`), proved (`prove`), counted (`traffic`), and compiled
for one rank and buffer (`lower`, `execute_mpi`) to a `plan`. Only what runs imports
MPI, so that names and tables can be used where there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenbin.case import Case
from tenbin.kernel import Kernel, Options, Task
from tenbin.kernels.allreduce.dtypes import EXACT_SUM
from tenbin.kernels.allreduce.names import LIBRARY, SHAPES, canonical
from tenbin.kernels.allreduce.presets import PRESETS
from tenbin.kernels.allreduce.problem import (
    AllreduceAxes,
    AllreduceProblem,
    expand,
)

if TYPE_CHECKING:
    from tenbin.topology import Topology

# what runs where nothing else is asked for; `names` knows the others, such as 4x2
ALGORITHMS: dict[str, str] = {
    LIBRARY: "MPI_Allreduce, in place",
    **{name: shape.__doc__ or "" for name, shape in SHAPES.items()},
}


def prepare(case: Case, topology: Topology, options: Options) -> Task:
    """Return the task of a case; raise UsageError where it cannot run."""
    from tenbin.kernels.allreduce.task import task

    return task(case, topology, options)


def decline(case: Case) -> str:
    """Return why a case cannot run here, or an empty string."""
    from tenbin.kernels.allreduce import limits

    return limits.why_not(case)


def misfit(case: Case) -> str:
    """Return why a case can run nowhere, or an empty string."""
    from tenbin.kernels.allreduce import limits

    return limits.misfit(case)


KERNEL = Kernel(
    name="allreduce",
    summary="sum of a buffer over all ranks, by any hierarchy",
    problem=AllreduceProblem,
    axes=AllreduceAxes,
    expand=expand,
    presets=PRESETS,
    variants=ALGORITHMS,
    dtypes=tuple(EXACT_SUM),
    prepare=prepare,
    scalings=("fixed", "weak"),
    decline=decline,
    misfit=misfit,
    resolve=canonical,
)
