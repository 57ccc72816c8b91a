"""Backpropagation over ranks: the same losses for any number of them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI

from tenbin.kernel import Options
from tenbin.kernels.training.data import load
from tenbin.kernels.training.data.together import load_together
from tenbin.kernels.training.problem import TrainingProblem
from tests import tasks
from tests.tasks import ready, training

COMM = MPI.COMM_WORLD
PROBLEM = TrainingProblem("glyphs", "20-12", batch=32, epochs=2, samples=150)


def train(
    problem: TrainingProblem, variant: str = "momentum", comm: MPI.Comm = COMM
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the history and the details of a run in float64."""
    details = tasks.train(problem, variant, comm)
    return details["history"], details


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"batch": 150},  # the whole set
        {"batch": 7},
        {"loss": "squared-error", "activation": "tanh", "rate": 0.02},
        {"dropout": 0.3, "l2": 1e-3, "l1": 1e-4},
        {"normalise": True},
        {"activation": "prelu", "schedule": "cosine"},
    ],
    ids=lambda changes: "-".join(changes) or "plain",
)
def test_any_number_of_ranks_learns_the_same(changes: dict[str, Any]) -> None:
    problem = replace(PROBLEM, **changes)

    together, details = train(problem)
    alone, _ = train(problem, comm=MPI.COMM_SELF)

    for one, other in zip(together, alone, strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-9)
        assert one["test_error"] == pytest.approx(other["test_error"], abs=0.04)
    assert (details["buckets"] > 0) == (COMM.size > 1)


def test_online_learning_leaves_ranks_idle_but_right() -> None:
    problem = replace(PROBLEM, batch=1, samples=20, epochs=1, rate=0.01)

    together, _ = train(problem, "sgd")
    alone, _ = train(problem, "sgd", MPI.COMM_SELF)

    assert together[0]["loss"] == pytest.approx(alone[0]["loss"], rel=1e-9)


@pytest.mark.parametrize("algorithm", ["flat", "tree", "shm-copy", "lib:flat"])
def test_every_allreduce_sums_the_gradients(algorithm: str) -> None:
    if COMM.size == 1:
        pytest.skip("1 rank: nothing is summed")
    problem = replace(PROBLEM, allreduce=algorithm, epochs=1)

    found, _ = train(problem)
    library, _ = train(replace(problem, allreduce="library"))

    assert found[0]["loss"] == pytest.approx(library[0]["loss"], rel=1e-9)


def test_buckets_are_summed_beside_the_backward_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tenbin.kernels.training.backprop import reduce

    if COMM.size == 1:
        pytest.skip("1 rank: nothing is summed")
    whole, one = train(PROBLEM)
    monkeypatch.setattr(reduce.Reducer.__init__, "__defaults__", (2**15,))
    pieces, many = train(PROBLEM)

    assert one["buckets"] == 1
    assert many["buckets"] == -(-many["message_bytes"] // 2**15)
    assert pieces[-1]["loss"] == pytest.approx(whole[-1]["loss"], rel=1e-12)
    assert 0 < pieces[-1]["wait_share"] <= 1
    assert pieces[-1]["comm_share"] > 0


def test_a_bucket_is_summed_before_the_backward_pass_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tenbin.kernels.training.backprop import reduce

    if COMM.size == 1:
        pytest.skip("1 rank: nothing is summed")
    monkeypatch.setattr(reduce.Reducer.__init__, "__defaults__", (2**11,))
    summed = []
    with ready(training(PROBLEM, "sgd", COMM), Options(threads=1), COMM) as task:
        trainer = task.run.__self__.trainer  # type: ignore[attr-defined]
        first = trainer.net.layers[0]
        usual = first.backward

        def waiting(*given: Any) -> Any:  # for ever, if sums began after the pass
            summed.append(trainer.reducer._pending[0].result(60.0))
            return usual(*given)

        first.backward = waiting
        task.run()

    assert len(summed) == -(-PROBLEM.samples // PROBLEM.batch)


def test_weak_scaling_grows_the_batch_and_the_samples() -> None:
    case = training(PROBLEM, "sgd", COMM, "weak")

    with ready(case, Options(threads=1), COMM) as task:
        steps = task.details["steps_per_epoch"]

    assert steps == -(-PROBLEM.samples // PROBLEM.batch)


def test_replicas_that_differ_are_wrong() -> None:
    if COMM.size == 1:
        pytest.skip("1 rank: there are no replicas")
    case = training(PROBLEM, "sgd", COMM)

    with ready(case, Options(threads=1), COMM) as task:
        task.run()
        trainer = task.run.__self__.trainer  # type: ignore[attr-defined]
        if COMM.rank == COMM.size - 1:
            trainer.net.weights[0] = np.nextafter(trainer.net.weights[0], 9.0)
        verdict = COMM.allreduce(task.check().ok, op=MPI.LAND)

    assert not verdict


@pytest.mark.parametrize("samples", [1, 130])
def test_ranks_draw_one_data_set_together(samples: int) -> None:
    found = load_together(COMM, "letters", samples=samples, seed=4)
    alone = load("letters", samples=samples, seed=4)

    for mine, other in ((found.train, alone.train), (found.test, alone.test)):
        np.testing.assert_array_equal(mine.images, other.images)
        np.testing.assert_array_equal(mine.labels, other.labels)
        np.testing.assert_array_equal(mine.styles, other.styles)
