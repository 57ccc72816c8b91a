"""K-FAC against sums over single examples in float64, and against torch where it is."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from mpi4py import MPI

from tenbin.errors import UsageError
from tenbin.kernels.training import variant
from tenbin.kernels.training.curvature.blocks import blocks, shared
from tenbin.kernels.training.curvature.damping import damped, inverse, root
from tenbin.kernels.training.curvature.kronecker import Kronecker, pair
from tenbin.kernels.training.curvature.labels import LABELS
from tenbin.kernels.training.data import load
from tenbin.kernels.training.kfac.settings import Settings
from tenbin.kernels.training.kfac.trainer import Kfac, shortening
from tenbin.kernels.training.layers import (
    Activate,
    Conv,
    Dense,
    Layer,
    MaxPool,
    Network,
)
from tenbin.kernels.training.losses import LOSSES
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.trainer import Setup
from tenbin.topology import Topology, discover

SHAPE, CLASSES, BATCH = (6, 7, 2), 3, 5
RNG = np.random.default_rng(7)
X = RNG.standard_normal((BATCH, *SHAPE))
TARGETS = np.eye(CLASSES)[RNG.integers(CLASSES, size=BATCH)]
CLOSE = 1e-10


@pytest.fixture(scope="module")
def topology() -> Topology:
    return discover(MPI.COMM_SELF)


def network() -> Network:
    stack: list[Layer] = [
        Conv(4, 3, pad=1),
        Activate("tanh"),
        MaxPool(),
        Dense(6),
        Activate("tanh"),
        Dense(CLASSES),
    ]
    net = Network(stack, SHAPE, BATCH, "float64")
    net.step.total = BATCH
    net.weights += 0.1 * np.random.default_rng(1).standard_normal(net.weights.size)
    return net


def backward(net: Network) -> None:
    _, delta = LOSSES["cross-entropy"](np, net.forward(X.copy()), TARGETS, BATCH)
    net.backward(delta)


def brute_force(net: Network, layer: int) -> tuple[np.ndarray, np.ndarray]:
    """Return A and G of a layer: loops over examples and positions."""
    examples = net.layers[layer].examples()
    assert examples is not None
    size = examples.inputs.shape[-1] + 1, examples.deltas.shape[-1]
    a, g = (np.zeros((n, n)) for n in size)
    for inputs, deltas in zip(examples.inputs, examples.deltas, strict=True):
        for row, delta in zip(inputs, deltas, strict=True):
            one, s = np.append(row, 1.0), BATCH * delta
            a += np.outer(one, one) / BATCH
            g += np.outer(s, s) / (BATCH * len(inputs))
    return a, g


def close(found: np.ndarray, expected: np.ndarray) -> bool:
    return bool(np.abs(found - expected).max() <= CLOSE * np.abs(expected).max())


def test_factors_are_sums_over_examples_and_positions(topology: Topology) -> None:
    net = network()
    factors = Kronecker(topology, net, "sharded", "library")
    backward(net)
    factors.add()
    factors.exchange.collect()
    factors.average(1.0)
    for block in factors.blocks:
        for found, expected in zip(
            block.of(factors.mean), brute_force(net, block.layer), strict=True
        ):
            assert close(found, expected)
    factors.exchange.release()


def test_the_direction_solves_with_the_kronecker_product(topology: Topology) -> None:
    net, damping = network(), 0.01
    factors = Kronecker(topology, net, "replicated", "library")
    backward(net)
    factors.add(0.5)
    factors.add(0.5)
    factors.average(1.0)
    inverses = factors.empty()
    factors.make(inverse, damping, inverses)
    gradient = net.gradients.copy()
    slope = factors.precondition(inverses)
    total = 0.0
    for block in factors.blocks:
        v, direction = (
            np.vstack(pair(net, flat, block)) for flat in (gradient, net.gradients)
        )
        a, g = damped(*brute_force(net, block.layer), damping)
        solved = np.linalg.solve(np.kron(a, g), v.reshape(-1)).reshape(v.shape)
        assert close(direction, solved)
        total += float((v * solved).sum())
    assert slope == pytest.approx(total, rel=1e-10)
    factors.exchange.release()


def test_the_damping_is_split_by_the_mean_eigenvalues() -> None:
    a, g = np.diag([4.0, 12.0]), np.diag([1.0, 2.0, 3.0])
    shifted_a, shifted_g = damped(a, g, 0.09)
    assert np.allclose(shifted_a - a, 0.6 * np.eye(2), atol=1e-14)
    assert np.allclose(shifted_g - g, 0.15 * np.eye(3), atol=1e-14)
    assert np.isfinite(damped(0 * a, g, 0.09)[0]).all()


def test_a_root_is_one_of_the_inverse() -> None:
    basis = RNG.standard_normal((9, 5))
    matrix = basis.T @ basis
    made = root(matrix)
    assert np.allclose(made @ made.T, np.linalg.inv(matrix), atol=1e-12)
    assert np.allclose(inverse(matrix) @ matrix, np.eye(5), atol=1e-12)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("cross-entropy", lambda f: np.diag(f) - np.outer(f, f)),
        ("squared-error", lambda f: np.eye(len(f))),
    ],
)
def test_drawn_labels_have_the_covariance_of_the_model(
    loss: str, expected: Callable[[np.ndarray], np.ndarray]
) -> None:
    draws = 40_000
    u = np.tile(RNG.standard_normal(CLASSES), (draws, 1))
    step = network().step
    step.total, step.rows = draws, range(draws)
    targets = LABELS[loss](np, u, step, np.random.default_rng(3))
    f = np.exp(u[0]) / np.exp(u[0]).sum()
    centre = f if loss == "cross-entropy" else u[0]
    found = (targets - centre).T @ (targets - centre) / draws
    assert np.abs(found - expected(f)).max() < 0.02


def test_the_longest_layers_are_shared_first() -> None:
    assert shared({0: 3.0, 1: 3.0, 2: 5.0, 3: 1.0}, 2) == [[2, 3], [0, 1]]
    layout = blocks(network(), 2)
    assert [block.owner for block in layout] == sorted(b.owner for b in layout)
    assert all(a.stop == b.start for a, b in pairwise(layout))


@pytest.mark.parametrize(("clip", "far"), [(1e-3, 1e-3), (10.0, 1e-1), (0.0, 1e-1)])
def test_a_long_step_is_shortened(clip: float, far: float) -> None:
    factor = shortening(clip, rate=0.1, slope=10.0)
    assert factor**2 * 0.1**2 * 10.0 == pytest.approx(far)


def trainer(topology: Topology, **changes: object) -> Kfac:
    problem = TrainingProblem("glyphs", "9-8", batch=40, epochs=1, samples=200)
    data = load("glyphs", "", 200, 1)
    settings = Settings(**changes)  # type: ignore[arg-type]
    return Kfac(Setup(problem, "float64", data, topology), settings)


@pytest.mark.parametrize("fisher", ["empirical", "true"])
def test_a_restored_run_goes_on_as_if_it_had_not_stopped(
    topology: Topology, fisher: str
) -> None:
    first = trainer(topology, fisher=fisher, t_stats=2, t_inv=4)
    first.epoch(1)
    second = trainer(topology, fisher=fisher, t_stats=2, t_inv=4)
    second.restore(first.state())
    for one in (first, second):
        one.epoch(2)
        one.release()
    assert np.array_equal(first.replicated(), second.replicated())


def test_labels_of_the_model_do_not_touch_the_gradient(topology: Topology) -> None:
    true, empirical = (trainer(topology, fisher=f) for f in ("true", "empirical"))
    for one in (true, empirical):
        one.net.step.total, one.net.step.rows = 40, range(40)
        one.gradient(*one.feed(np.arange(40)))
        one.release()
    assert np.array_equal(true.net.gradients, empirical.net.gradients)
    assert not np.allclose(true.factors.mean, empirical.factors.mean)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("damping=0", "damping = 0.0 is not positive"),
        ("t_inv=0", "t_inv = 0; at least 1"),
        ("fisher=exact", "choose from empirical, true"),
        ("form=ring", "choose from sharded, replicated"),
        ("noise=loud", "choose from plain, weight, filter"),
    ],
)
def test_bad_settings_are_refused(settings: str, message: str) -> None:
    problem = TrainingProblem("glyphs", "9", settings=settings)
    with pytest.raises(UsageError) as caught:
        variant("kfac").misfit(problem, "float32")
    assert message in str(caught.value)


def test_layers_without_factors_are_refused() -> None:
    problem = TrainingProblem("glyphs", "9", normalise=True)
    assert "no batch normalisation" in variant("kfac").misfit(problem, "float32")


def test_factors_are_those_of_torch(topology: Topology) -> None:
    torch = pytest.importorskip("torch")
    net = network()
    factors = Kronecker(topology, net, "sharded", "library")
    backward(net)
    factors.add()
    factors.average(1.0)
    layer = {block.layer: block for block in factors.blocks}
    weight, bias = (
        torch.tensor(np.ascontiguousarray(array)) for array in pair_of(net, 0)
    )
    filters = weight.reshape(3, 3, 2, 4).permute(3, 2, 0, 1)
    image = torch.tensor(X).permute(0, 3, 1, 2)
    u = torch.nn.functional.conv2d(image, filters, bias, padding=1)
    u.requires_grad_()
    x = torch.nn.functional.max_pool2d(torch.tanh(u), 2).permute(0, 2, 3, 1)
    dense = [[torch.tensor(np.array(w)) for w in pair_of(net, n)] for n in (3, 5)]
    hidden = x.reshape(BATCH, -1) @ dense[0][0] + dense[0][1]
    outputs = torch.tanh(hidden) @ dense[1][0] + dense[1][1]
    labels = torch.tensor(TARGETS.argmax(axis=1))
    loss = torch.nn.functional.cross_entropy(outputs, labels, reduction="sum")
    s_conv, s_dense = torch.autograd.grad(loss, (u, hidden))
    patches = torch.nn.functional.unfold(image, 3, padding=1)
    a = torch.cat([patches, torch.ones(BATCH, 1, 42, dtype=torch.float64)], dim=1)
    found_a, found_g = layer[0].of(factors.mean)
    expected_a = (torch.einsum("nit,njt->ij", a, a) / BATCH).numpy()
    swap = np.append(np.arange(18).reshape(2, 3, 3).transpose(1, 2, 0).ravel(), 18)
    assert close(found_a, expected_a[np.ix_(swap, swap)])
    s = s_conv.flatten(2)
    assert close(found_g, (torch.einsum("nit,njt->ij", s, s) / (42 * BATCH)).numpy())
    assert close(layer[3].of(factors.mean)[1], (s_dense.T @ s_dense / BATCH).numpy())


def pair_of(net: Network, layer: int) -> tuple[np.ndarray, np.ndarray]:
    block = next(b for b in blocks(net, 1) if b.layer == layer)
    return pair(net, net.weights, block)
