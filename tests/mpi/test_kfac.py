"""K-FAC over ranks, noisy or not: the same losses for any number of them."""

from dataclasses import replace

import pytest
from mpi4py import MPI

from tenbin.kernels.training.problem import TrainingProblem
from tests.tasks import train

COMM = MPI.COMM_WORLD
PROBLEM = TrainingProblem("glyphs", "14-12", batch=30, epochs=2, samples=90)


def losses(
    problem: TrainingProblem, comm: MPI.Comm = COMM, variant: str = "kfac"
) -> list[float]:
    """Return the losses of a run in float64, whose replicas agree."""
    return [row["loss"] for row in train(problem, variant, comm)["history"]]


@pytest.mark.parametrize(
    "settings",
    [
        "t_stats=1, t_inv=1",
        "t_stats=2, t_inv=4, fisher=true",
        "form=replicated, t_stats=2, t_inv=2",
        "smoothout=0.02, mixup=0.3",
        "smoothout=0.02, noise=filter, optimiser=adam, clip=0",
    ],
)
def test_any_number_of_ranks_learns_the_same(settings: str) -> None:
    problem = replace(PROBLEM, settings=settings)
    assert losses(problem) == pytest.approx(losses(problem, MPI.COMM_SELF), rel=1e-7)


@pytest.mark.parametrize("settings", ["smoothout=0.05, noise=weight", "mixup=0.4"])
def test_smoothed_backpropagation_does_too(settings: str) -> None:
    problem = replace(PROBLEM, settings=settings)
    alone = losses(problem, MPI.COMM_SELF, "momentum")
    assert losses(problem, variant="momentum") == pytest.approx(alone, rel=1e-9)
    assert losses(replace(problem, settings=""), variant="momentum") != alone


def test_convolutions_are_shared_like_other_layers() -> None:
    problem = replace(PROBLEM, net="lenet5", batch=20, samples=40, epochs=1)
    assert losses(problem) == pytest.approx(losses(problem, MPI.COMM_SELF), rel=1e-7)


@pytest.mark.parametrize("groups", [1, 2, 3, 4])
def test_any_mix_of_samples_and_parts_of_the_batch_learns_the_same(groups: int) -> None:
    if COMM.size % groups:
        pytest.skip(f"{groups} groups do not divide {COMM.size} ranks")
    common = "samples=12, test_samples=0, t_stats=2, t_inv=2"
    problem = replace(PROBLEM, epochs=1, samples=60, settings=common)
    mixed = replace(problem, settings=f"{common}, mc_groups={groups}")
    expected = losses(problem, MPI.COMM_SELF, "noisy-kfac")
    assert losses(mixed, variant="noisy-kfac") == pytest.approx(expected, rel=1e-7)


def test_labels_of_the_model_are_drawn_for_each_sample() -> None:
    problem = replace(PROBLEM, settings="samples=2, fisher=true, test_samples=0")
    alone = losses(problem, MPI.COMM_SELF, "noisy-kfac")
    assert losses(problem, variant="noisy-kfac") == pytest.approx(alone, rel=1e-7)
