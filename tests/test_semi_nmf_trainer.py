"""Semi-NMF as a training method: it learns, stops, goes on, and says where it fails."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI

from tenbin.kernels.training.data import Dataset, Split, load, missing
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.semi_nmf import variants
from tenbin.kernels.training.semi_nmf.settings import Settings
from tenbin.kernels.training.semi_nmf.sweep import sweep
from tenbin.kernels.training.semi_nmf.trainer import SemiNmf
from tenbin.kernels.training.semi_nmf.variants import Form
from tenbin.kernels.training.trainer import Diverged, Setup, Stopped
from tenbin.topology import discover

GLYPHS = load("glyphs", samples=600)
EPOCHS = 3


@pytest.fixture
def make() -> Any:
    topology = discover(MPI.COMM_SELF)

    def trainer(
        form: Form | None = None,
        dtype: str = "float64",
        data: Dataset = GLYPHS,
        stop: Callable[[], bool] = lambda: False,
        **keys: Any,
    ) -> SemiNmf:
        keys = {"batch": 200, **keys}
        problem = TrainingProblem("glyphs", "40-20", epochs=EPOCHS, **keys)
        setup = Setup(problem, dtype, data, topology, stop=stop)
        return (form or Form()).make(setup)

    yield trainer
    topology.free()


def error(trainer: SemiNmf, data: Dataset = GLYPHS) -> float:
    """Return the share of the test images that are classified wrongly."""
    classes = trainer.classify(data.test.rows)
    return float(np.mean(classes != data.test.labels))


def test_learns_without_a_learning_rate(make: Any) -> None:
    trainer = make()

    losses = [trainer.epoch(number).loss for number in range(1, EPOCHS + 1)]

    assert losses[-1] < 0.8 * losses[0]
    assert error(trainer) < 0.5


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("basis", ["cholesky", "eigen"])
def test_precision_and_basis_do_not_change_what_is_learnt(
    make: Any, dtype: str, basis: str
) -> None:
    exact, other = make(Form(basis="eigen")), make(Form(basis=basis), dtype)

    expected, found = exact.epoch(1), other.epoch(1)

    assert found.loss == pytest.approx(expected.loss, rel=0.02)
    assert error(other) == pytest.approx(error(exact), abs=0.03)


def test_counts_three_sums_and_two_for_each_inner_step(make: Any) -> None:
    """The output's Gram matrix travels with Y^T Z; the wish to stop is the third."""
    trainer = make()

    progress = trainer.epoch(1)

    sweeps = 3  # 600 samples in batches of 200
    assert progress.more["allreduces"] == sweeps * (3 + 2 * trainer.settings.w_steps)


@pytest.mark.parametrize("batch", [200, 50])  # 50 is too few to forget all others
def test_goes_on_bit_by_bit_from_its_state(make: Any, batch: int) -> None:
    whole, first, second = (make(batch=batch) for _ in range(3))
    for number in (1, 2):
        whole.epoch(number)

    first.epoch(1)
    second.restore({key: array.copy() for key, array in first.state().items()})
    second.epoch(2)

    np.testing.assert_array_equal(second.replicated(), whole.replicated())


def test_stops_after_a_step_and_goes_on_from_there(make: Any) -> None:
    answers = iter([False, True])
    whole, first, second = make(), make(stop=lambda: next(answers)), make()
    expected = whole.epoch(1)

    with pytest.raises(Stopped):
        first.epoch(1)
    second.restore(first.state())
    found = second.epoch(1)

    np.testing.assert_array_equal(second.replicated(), whole.replicated())
    assert found.loss == pytest.approx(expected.loss)


def test_a_state_stopped_at_the_end_of_an_epoch_keeps_its_loss(make: Any) -> None:
    answers = iter([False, False, True])
    whole, first, second = make(), make(stop=lambda: next(answers)), make()
    expected = whole.epoch(1)

    with pytest.raises(Stopped):
        first.epoch(1)
    second.restore(first.state())

    assert second.epoch(1).loss == pytest.approx(expected.loss)
    np.testing.assert_array_equal(second.replicated(), whole.replicated())


def test_remembering_helps_batches_of_as_many_samples_as_units(make: Any) -> None:
    remembering, forgetting = make(batch=50), make(Form(Settings(window=0.0)), batch=50)
    for number in range(1, EPOCHS + 1):
        remembering.epoch(number)
        forgetting.epoch(number)

    assert error(remembering) < error(forgetting)


def test_names_the_step_where_it_diverges(make: Any) -> None:
    trainer = make()
    trainer.epoch(1)
    trainer.network.weights[1][0, 0] = np.nan

    with pytest.raises(Diverged, match="epoch 2, step 1"):
        trainer.epoch(2)


def test_names_the_last_step_where_only_its_weights_diverge(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaking(network: Any, *rest: Any) -> Any:
        outputs = sweep(network, *rest)
        network.weights[-1][0, 0] = np.inf
        return outputs

    monkeypatch.setattr("tenbin.kernels.training.semi_nmf.trainer.sweep", breaking)

    with pytest.raises(Diverged, match="weights are not finite in epoch 1, step 1"):
        make().epoch(1)


def test_plain_and_random_forms_learn_as_well(make: Any) -> None:
    for name in ("plain", "random"):
        trainer = make(variants.FORMS[name])
        first = trainer.epoch(1).loss
        assert trainer.epoch(2).loss < first


@pytest.mark.slow
@pytest.mark.skipif(bool(missing("mnist")), reason=missing("mnist"))
def test_two_epochs_teach_most_of_mnist() -> None:
    both = load("mnist").test
    train, test = (
        Split(both.images[rows], both.labels[rows])
        for rows in (slice(4000), slice(4000, 6000))
    )
    data, topology = Dataset("t10k", train, test), discover(MPI.COMM_SELF)
    problem = TrainingProblem("mnist", "200-50", batch=1000)
    form = Form(Settings(pretrain_batch=1000))
    trainer = form.make(Setup(problem, "float32", data, topology))

    for number in (1, 2):
        trainer.epoch(number)

    topology.free()
    assert error(trainer, data) < 0.09
