"""Siamese training over ranks: the same losses and the same matrix for any number."""

import pytest
from mpi4py import MPI

from tenbin.kernels.training.problem import TrainingProblem
from tests.tasks import train

COMM = MPI.COMM_WORLD
PROBLEM = TrainingProblem(
    "glyphs",
    "24",
    batch=50,
    epochs=3,
    samples=600,
    settings="writers=3, pairs=600, cell_pairs=10, features=8",
)


@pytest.mark.parametrize("variant", ["siamese", "siamese-contrastive"])
def test_any_number_of_ranks_tells_writers_apart_alike(variant: str) -> None:
    alone, together = (train(PROBLEM, variant, comm) for comm in (MPI.COMM_SELF, COMM))
    for one, other in zip(alone["history"], together["history"], strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-8)
    assert together["history"][-1]["loss"] < together["history"][0]["loss"]
    assert alone["writers"]["auroc"] == pytest.approx(together["writers"]["auroc"])
    assert len(together["writers"]["matrix"]) == 3
