"""Siamese training over ranks: the same losses and the same matrix for any number."""

from typing import Any

import pytest
from mpi4py import MPI

from tenbin.case import Case
from tenbin.kernel import Options
from tenbin.kernels.training import KERNEL
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.topology import discover

COMM = MPI.COMM_WORLD
PROBLEM = TrainingProblem(
    "glyphs",
    "24",
    batch=50,
    epochs=3,
    samples=600,
    settings="writers=3, pairs=600, cell_pairs=10, features=8",
)


def train(variant: str, comm: MPI.Comm) -> dict[str, Any]:
    topology = discover(comm)
    place = (topology.size, topology.ranks_per_node)
    case = Case("training", variant, "float64", PROBLEM, *place, "strong")
    assert KERNEL.decline(case) == ""
    task = KERNEL.prepare(case, topology, Options(threads=1))
    for repetition in range(task.repetitions or 0):
        task.reset(repetition)
        task.run()
    assert task.check().ok
    task.release()
    topology.free()
    return dict(task.details)


@pytest.mark.parametrize("variant", ["siamese", "siamese-contrastive"])
def test_any_number_of_ranks_tells_writers_apart_alike(variant: str) -> None:
    alone, together = train(variant, MPI.COMM_SELF), train(variant, COMM)
    for one, other in zip(alone["history"], together["history"], strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-8)
    assert together["history"][-1]["loss"] < together["history"][0]["loss"]
    assert alone["writers"]["auroc"] == pytest.approx(together["writers"]["auroc"])
    assert len(together["writers"]["matrix"]) == 3
