"""Cases made ready, weighed and freed again, as tests do it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mpi4py import MPI

from tenbin.case import Case
from tenbin.kernel import Options, Task
from tenbin.kernels import load
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.topology import discover


@contextmanager
def ready(
    case: Case, options: Options | None = None, comm: MPI.Comm = MPI.COMM_SELF
) -> Iterator[Task]:
    """Lend the task of a case, on hot buffers unless options say otherwise."""
    topology = discover(comm)
    task = load(case.kernel).prepare(case, topology, options or Options(hot=True))
    try:
        yield task
    finally:
        task.release()
        topology.free()


def weigh(case: Case) -> None:
    """Run a case three times; every time its result must be right."""
    with ready(case, Options()) as task:
        for repetition in range(3):
            task.reset(repetition)
            task.run()
            verdict = task.check()
            assert verdict.ok, verdict


def train(
    problem: TrainingProblem, variant: str, comm: MPI.Comm = MPI.COMM_WORLD
) -> dict[str, Any]:
    """Return the details of a training run in float64, a right one."""
    case = training(problem, variant, comm)
    assert load("training").decline(case) == ""
    with ready(case, Options(threads=1), comm) as task:
        for repetition in range(task.repetitions or 0):
            task.reset(repetition)
            task.run()
        verdict = task.check()
        assert verdict.ok, verdict
        return dict(task.details)


def training(
    problem: TrainingProblem, variant: str, comm: MPI.Comm, scaling: str = "strong"
) -> Case:
    """Return the case of a run in float64 over the ranks of one node."""
    topology = discover(comm)
    place = (topology.size, topology.ranks_per_node)
    topology.free()
    return Case("training", variant, "float64", problem, *place, scaling)
