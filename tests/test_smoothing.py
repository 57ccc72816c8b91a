"""Smoothing: the gradient is taken beside the weights, and on mixed samples."""

import numpy as np
import pytest
from mpi4py import MPI

from tenbin.kernels.training.backprop.trainer import Backprop
from tenbin.kernels.training.data import load
from tenbin.kernels.training.layers import Dense, Network
from tenbin.kernels.training.optimisers import OPTIMISERS
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.smoothing.line import line
from tenbin.kernels.training.smoothing.settings import Smoothing
from tenbin.kernels.training.smoothing.smoothout import shift
from tenbin.kernels.training.streams import Stream
from tenbin.kernels.training.trainer import Setup
from tenbin.topology import discover

BATCH = 20


def trainer(**changes: object) -> Backprop:
    data = load("glyphs", "", 60, 1)
    problem = TrainingProblem("glyphs", "8", batch=BATCH, samples=60)
    setup = Setup(problem, "float64", data, discover(MPI.COMM_SELF))
    smoothing = Smoothing(**changes)  # type: ignore[arg-type]
    one = Backprop(setup, OPTIMISERS["sgd"], smoothing)
    one.net.step.total, one.net.step.rows = BATCH, range(BATCH)
    return one


def test_no_two_purposes_draw_the_same_numbers() -> None:
    """NumPy pads a short key with zeros, so that places 0 are no places."""
    streams = Stream.__members__.values()
    drawn = {one.rng(1, *place).random() for one in streams for place in [(), (0, 0)]}

    assert len(drawn) == len(streams)
    layers_and_epochs = range(1000)
    assert drawn.isdisjoint(
        np.random.default_rng((1, n)).random() for n in layers_and_epochs
    )


def test_the_gradient_is_taken_beside_the_weights_which_come_back() -> None:
    one, batch = trainer(smoothout=0.1), np.arange(BATCH)
    start = one.net.weights.copy()
    with one.smoother.shifted():
        beside = one.net.weights.copy()
        one.gradient(*one.smoother.samples(one.feed, batch))
    smoothed = one.net.gradients.copy()
    assert np.array_equal(one.net.weights, start)
    assert 0.05 < np.abs(beside - start).max() <= 0.1
    one.net.weights[...] = beside
    one.gradient(*one.feed(batch))
    assert np.array_equal(one.net.gradients, smoothed)


@pytest.mark.parametrize("kind", ["plain", "weight", "filter"])
def test_noise_is_as_large_as_its_kind_says(kind: str) -> None:
    net = Network([Dense(3)], (400,), 1, "float64")
    before = net.parts[0].of(net.weights).copy()
    shift(net, kind, 0.3, np.random.default_rng(1))
    moved = net.parts[0].of(net.weights) - before
    if kind == "plain":
        assert np.abs(moved).max() <= 0.3
        assert moved.std() == pytest.approx(0.3 / np.sqrt(3), rel=0.05)
    elif kind == "weight":
        assert (np.abs(moved) <= 0.3 * np.abs(before)).all()
    else:
        lengths = [np.linalg.norm(array, axis=0) for array in (moved, before)]
        assert np.allclose(lengths[0], 0.3 * lengths[1], rtol=1e-12)


def test_samples_and_targets_are_mixed_alike() -> None:
    one, batch = trainer(mixup=0.4), np.arange(BATCH)
    x, targets = one.smoother.samples(one.feed, batch)
    x = x.reshape(BATCH, -1).copy()
    plain = one.feed(batch)
    rows, labels = plain[0].reshape(BATCH, -1).copy(), plain[1]
    assert np.allclose(targets.sum(axis=1), 1.0, rtol=1e-12)
    rng = Stream.MIXUP.rng(1, 0)
    share, partners = rng.beta(0.4, 0.4), rng.permutation(batch)
    assert np.allclose(x, share * rows + (1 - share) * rows[partners], rtol=1e-12)
    mixed = share * labels + (1 - share) * labels[partners]
    assert np.allclose(targets, mixed, rtol=1e-12)


def test_a_line_goes_from_the_first_weights_through_the_last() -> None:
    one = trainer(line=4)
    one.epoch(1)
    last = one.net.weights.copy()
    ends = one.net.weights, one.first
    found = line(one.comm, one, *ends, one.setup.data, 4)
    told = one.conclude()
    assert np.array_equal(one.net.weights, last)
    assert found["share"] == [0.0, 0.5, 1.0, 1.5]
    assert told["line"] == found
    assert found["test_accuracy"][2] == pytest.approx(told["uncertainty"]["accuracy"])
    assert found["distance"] == pytest.approx(np.linalg.norm(last - one.first))
    one.release()
