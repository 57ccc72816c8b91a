"""Noisy K-FAC against dense covariances and single examples, in float64."""

import numpy as np
import pytest
from mpi4py import MPI

from tenbin.errors import UsageError
from tenbin.kernels.training import variant
from tenbin.kernels.training.curvature.blocks import Block
from tenbin.kernels.training.curvature.damping import damped
from tenbin.kernels.training.curvature.kronecker import pair
from tenbin.kernels.training.data import load
from tenbin.kernels.training.layers import Network
from tenbin.kernels.training.losses import LOSSES
from tenbin.kernels.training.noisy_kfac.posterior import draw
from tenbin.kernels.training.noisy_kfac.settings import Settings
from tenbin.kernels.training.noisy_kfac.trainer import NoisyKfac
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.streams import Stream
from tenbin.kernels.training.trainer import Setup
from tenbin.topology import Topology, discover

COUNT, BATCH, RATE = 60, 12, 0.05
Floats = np.ndarray
PROBLEM = TrainingProblem(
    "glyphs", "5-4", batch=BATCH, samples=COUNT, activation="tanh"
)
EVERY_STEP = {"t_stats": 1, "t_inv": 1, "clip": 0.0, "optimiser": "sgd"}


@pytest.fixture(scope="module")
def topology() -> Topology:
    return discover(MPI.COMM_SELF)


def trainer(topology: Topology, **changes: object) -> NoisyKfac:
    data = load("glyphs", "", COUNT, 1)
    settings = Settings(**EVERY_STEP | changes)  # type: ignore[arg-type]
    return NoisyKfac(Setup(PROBLEM, "float64", data, topology), settings)


def step(one: NoisyKfac, batch: Floats) -> None:
    one.net.step.total, one.net.step.rows = len(batch), range(len(batch))
    one.gradient(*one.feed(batch))
    one.net.step.number += 1
    one.update(RATE, one.net.step.number)


def single_examples(one: NoisyKfac, batch: Floats) -> tuple[Floats, list[list[Floats]]]:
    """Return the mean gradient and the factors of each block, example by example."""
    net, blocks = one.net, one.factors.blocks
    gradient = np.zeros_like(net.weights)
    factors = [[np.zeros((b.inputs,) * 2), np.zeros((b.outputs,) * 2)] for b in blocks]
    net.step.total = 1
    for example in batch:
        x, targets = one.feed(np.array([example]))
        _, delta = LOSSES["cross-entropy"](np, net.forward(x), targets, 1)
        net.backward(delta)
        gradient += net.gradients / len(batch)
        for (a, g), block in zip(factors, blocks, strict=True):
            examples = net.layers[block.layer].examples()
            assert examples is not None
            inputs, s = np.append(examples.inputs[0, 0], 1.0), examples.deltas[0, 0]
            a += np.outer(inputs, inputs) / len(batch)
            g += np.outer(s, s) / len(batch)
    return gradient, factors


def matrix(net: Network, flat: Floats, block: Block) -> Floats:
    return np.vstack(pair(net, flat, block))


@pytest.mark.parametrize("samples", [1, 3])
def test_a_step_is_that_of_the_paper(topology: Topology, samples: int) -> None:
    settings = {"samples": samples, "kl": 0.7, "prior_variance": 0.2, "damping": 0.01}
    one = trainer(topology, **settings)
    first, second = np.arange(BATCH), np.arange(BATCH, 2 * BATCH)
    step(one, first)
    net, mean = one.net, one.net.weights.copy()
    averages = [[m.copy() for m in b.of(one.factors.mean)] for b in one.factors.blocks]
    v, intrinsic = np.zeros_like(mean), 0.7 / (COUNT * 0.2)
    sums = [[np.zeros_like(m) for m in pair_] for pair_ in averages]
    for sample in range(samples):
        key = Stream.KFAC_TRAIN.key(PROBLEM.seed, 1, sample)
        draw(net, one.factors.blocks, one.roots, np.sqrt(0.7 / COUNT), key)
        gradient, factors = single_examples(one, second)
        v += (gradient + intrinsic * net.weights) / samples
        for total, found in zip(sums, factors, strict=True):
            for side in range(2):
                total[side] += found[side] / samples
        net.weights[...] = mean
    step(one, second)
    for block, old, fresh in zip(one.factors.blocks, averages, sums, strict=True):
        a, g = (0.95 * o + 0.05 * n for o, n in zip(old, fresh, strict=True))
        covariance = np.kron(*damped(a, g, intrinsic + 0.01))
        gradient = matrix(net, v, block)
        moved = np.linalg.solve(covariance, gradient.ravel()).reshape(gradient.shape)
        expected = matrix(net, mean, block) - RATE * moved
        difference = np.abs(matrix(net, net.weights, block) - expected)
        assert difference.max() <= 1e-10 * np.abs(expected).max()


def test_samples_have_the_covariance_of_the_posterior(topology: Topology) -> None:
    one = trainer(topology, kl=0.5)
    for start in range(3):
        step(one, np.arange(BATCH) + start * BATCH)
    block = one.factors.blocks[-1]
    r_a, r_g = block.of(one.roots)
    a, g = damped(*block.of(one.factors.mean), one.intrinsic)
    expected = 0.5 / COUNT * np.linalg.inv(np.kron(a, g))
    linear = one.deviation * np.kron(r_a, r_g)  # of vec E, row by row
    assert np.abs(linear @ linear.T - expected).max() <= 1e-10 * expected.max()
    mean, drawn = one.net.weights.copy(), []
    for sample in range(4000):
        draw(one.net, [block], one.roots, one.deviation, (5, sample))
        drawn.append(matrix(one.net, one.net.weights - mean, block).ravel())
        one.net.weights[...] = mean
    found = np.cov(np.array(drawn).T)
    assert np.abs(found - expected).max() < 0.15 * expected.max()


def test_without_factors_the_mean_is_drawn(topology: Topology) -> None:
    one = trainer(topology)
    mean = one.net.weights.copy()
    one.net.step.total, one.net.step.rows = BATCH, range(BATCH)
    one.gradient(*one.feed(np.arange(BATCH)))
    assert np.array_equal(one.net.weights, mean)
    images = load("glyphs", "", COUNT, 1).test.rows[:BATCH]
    expected = super(NoisyKfac, one).predict(images)
    assert np.allclose(one.predict(images), expected, rtol=1e-12)


def test_a_restored_run_goes_on_as_if_it_had_not_stopped(topology: Topology) -> None:
    first = trainer(topology, samples=2, t_stats=2, t_inv=4)
    first.epoch(1)
    second = trainer(topology, samples=2, t_stats=2, t_inv=4)
    second.restore(first.state())
    for one in (first, second):
        one.epoch(2)
        one.release()
    assert np.array_equal(first.replicated(), second.replicated())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("samples=3, mc_groups=2", "is not a multiple of mc_groups = 2"),
        ("kl=0", "kl = 0.0 is not positive"),
        ("t_stats=0", "t_stats = 0; at least 1"),
    ],
)
def test_bad_settings_are_refused(settings: str, message: str) -> None:
    problem = TrainingProblem("glyphs", "9", settings=settings)
    with pytest.raises(UsageError) as caught:
        variant("noisy-kfac").misfit(problem, "float32")
    assert message in str(caught.value)
