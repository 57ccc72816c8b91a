"""VOGN over ranks: any mix of samples and parts of the batch learns the same."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI

from tenbin.kernels.training.problem import TrainingProblem
from tests.tasks import train

COMM = MPI.COMM_WORLD
PROBLEM = TrainingProblem("glyphs", "20-12", batch=32, epochs=2, samples=150, rate=1e-3)


@pytest.mark.parametrize("groups", [1, 2, 3, 4])
def test_any_mix_of_ranks_learns_the_same(groups: int) -> None:
    if COMM.size % groups:
        pytest.skip(f"{groups} groups do not divide {COMM.size} ranks")
    alone = train(replace(PROBLEM, settings="samples=12"), "vogn", MPI.COMM_SELF)
    mixed = train(replace(PROBLEM, settings=f"samples=12, mc_groups={groups}"), "vogn")
    for one, other in zip(alone["history"], mixed["history"], strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-9)
    assert alone["uncertainty"]["nll"] == pytest.approx(mixed["uncertainty"]["nll"])


@pytest.mark.parametrize("settings", ["", "samples=12, test_samples=3"])
def test_slices_move_as_the_whole_does(settings: str) -> None:
    alone = train(replace(PROBLEM, settings=settings), "vogn", MPI.COMM_SELF)
    sharded = ", ".join(filter(None, (settings, "form=sharded")))
    found = train(replace(PROBLEM, settings=sharded), "vogn")
    for one, other in zip(alone["history"], found["history"], strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-9)
    assert alone["uncertainty"]["nll"] == pytest.approx(found["uncertainty"]["nll"])


def test_it_learns_and_knows_its_doubts() -> None:
    details = train(replace(PROBLEM, epochs=6, settings="samples=2"), "vogn")
    losses = [row["loss"] for row in details["history"]]
    assert losses[-1] < 0.7 * losses[0]
    found = details["uncertainty"]
    assert 0.0 <= found["ece"] <= 1.0
    assert 0.0 <= found["outside"]["auroc"] <= 1.0
    assert np.sum(found["outside"]["entropy_in"]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "changes", [{"dropout": 0.3}, {"settings": "noise=0.1, test_samples=3"}]
)
def test_plain_monte_carlo_predicts_the_same_on_any_number_of_ranks(
    changes: dict[str, Any],
) -> None:
    problem = replace(PROBLEM, rate=0.0, **changes)
    alone = train(problem, "mc", MPI.COMM_SELF)["uncertainty"]
    together = train(problem, "mc")["uncertainty"]
    for key in ("accuracy", "nll", "ece"):
        assert alone[key] == pytest.approx(together[key], rel=1e-6)
