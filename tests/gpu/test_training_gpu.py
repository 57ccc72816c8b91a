"""Training on a GPU: the same losses as on the host."""

import pytest
from mpi4py import MPI

from tenbin.device import missing
from tenbin.kernels.training.problem import TrainingProblem
from tests.tasks import train

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


def losses(variant: str, net: str) -> list[float]:
    problem = TrainingProblem("glyphs", net, batch=50, epochs=2, samples=300)
    details = train(problem, variant, MPI.COMM_SELF)
    return [row["loss"] for row in details["history"]]


@pytest.mark.parametrize("net", ["40-20", "lenet5"])
@pytest.mark.parametrize("variant", ["momentum", "adam"])
def test_losses_are_those_of_the_host(variant: str, net: str) -> None:
    assert losses(f"cuda:{variant}", net) == pytest.approx(
        losses(variant, net), rel=1e-8
    )
