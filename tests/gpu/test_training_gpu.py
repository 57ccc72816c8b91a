"""Training on a GPU: the same losses as on the host."""

import pytest
from mpi4py import MPI

from tenbin.case import Case
from tenbin.device import missing
from tenbin.kernel import Options
from tenbin.kernels.training import KERNEL
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.topology import discover

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


def losses(variant: str, net: str) -> list[float]:
    problem = TrainingProblem("glyphs", net, batch=50, epochs=2, samples=300)
    topology = discover(MPI.COMM_SELF)
    case = Case("training", variant, "float64", problem)
    task = KERNEL.prepare(case, topology, Options(threads=1))
    for repetition in range(2):
        task.reset(repetition)
        task.run()
    assert task.check().ok
    task.release()
    topology.free()
    return [row["loss"] for row in task.details["history"]]


@pytest.mark.parametrize("net", ["40-20", "lenet5"])
@pytest.mark.parametrize("variant", ["momentum", "adam"])
def test_losses_are_those_of_the_host(variant: str, net: str) -> None:
    assert losses(f"cuda:{variant}", net) == pytest.approx(
        losses(variant, net), rel=1e-8
    )
