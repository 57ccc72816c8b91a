"""Every method sums by any plan of an allreduce: the same losses as on one rank."""

import pytest
from mpi4py import MPI

from tenbin.kernels.training import KERNEL
from tenbin.kernels.training.problem import TrainingProblem
from tests.tasks import train, training

COMM = MPI.COMM_WORLD
EVERY = "t_stats=1, t_inv=1"
METHODS = [
    ("momentum", ""),
    ("kfac", EVERY),
    ("kfac", f"form=replicated, {EVERY}"),
    ("noisy-kfac", f"form=replicated, test_samples=0, {EVERY}"),
    ("vogn", "test_samples=0"),
    ("siamese", "writers=2, pairs=60, cell_pairs=4, features=8"),
]


@pytest.mark.parametrize("plan", [str(COMM.size), "tree"])
@pytest.mark.parametrize(("variant", "settings"), METHODS)
def test_a_plan_by_name_sums_what_a_method_needs(
    variant: str, settings: str, plan: str
) -> None:
    if COMM.size == 1:
        pytest.skip("1 rank: nothing is summed")
    common = {"batch": 30, "epochs": 1, "samples": 200, "settings": settings}
    alone, together = (
        TrainingProblem("glyphs", "14-12", allreduce=name, **common)  # type: ignore[arg-type]
        for name in ("library", plan)
    )

    expected = train(alone, variant, MPI.COMM_SELF)["history"]
    found = train(together, variant)["history"]

    assert found[0]["loss"] == pytest.approx(expected[0]["loss"], rel=1e-8)


def test_the_record_says_what_sums_the_factors() -> None:
    problem = TrainingProblem("glyphs", "9", epochs=1, samples=100, allreduce="tree")

    assert train(problem, "kfac")["factors_by"] == "reduce-scatter"


def test_a_plan_that_slices_cannot_use_is_refused() -> None:
    problem = TrainingProblem("glyphs", "9", allreduce="tree", settings="form=sharded")

    assert "no allreduce" in KERNEL.misfit(training(problem, "vogn", COMM))


@pytest.mark.parametrize(("variant", "settings"), METHODS)
def test_the_parts_of_an_epoch_add_up_to_it(variant: str, settings: str) -> None:
    problem = TrainingProblem(
        "glyphs", "14-12", batch=30, epochs=1, samples=200, settings=settings
    )
    (row,) = train(problem, variant)["history"]
    parts = row["more"]

    assert list(parts) == ["compute_s", "curvature_s", "communication_s", "inverse_s"]
    assert 0.5 * row["seconds"] < sum(parts.values()) <= 1.001 * row["seconds"]
    alone = parts["communication_s"] < 0.1 * row["seconds"]
    assert alone if COMM.size == 1 else parts["communication_s"] > 0
    assert "kfac" in variant or parts["inverse_s"] == 0
    assert (parts["curvature_s"] > 0) == (variant in ("kfac", "noisy-kfac", "vogn"))
    assert parts["communication_s"] <= 1.001 * row["wait_share"] * row["seconds"]
    assert row["wait_share"] <= row["comm_share"]
