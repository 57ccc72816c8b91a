"""Curvature from single examples, against one backward pass for each of them."""

import numpy as np
import pytest

from tenbin.errors import UsageError
from tenbin.kernels.training.curvature.linear import linear_only
from tenbin.kernels.training.curvature.squares import add_squares
from tenbin.kernels.training.layers import (
    Activate,
    BatchNorm,
    Conv,
    Dense,
    Layer,
    MaxPool,
    Network,
)
from tenbin.kernels.training.losses import LOSSES
from tenbin.kernels.training.nets import layers
from tenbin.kernels.training.problem import TrainingProblem

SHAPE, CLASSES, BATCH = (9, 8, 2), 3, 6
RNG = np.random.default_rng(7)
X = RNG.standard_normal((BATCH, *SHAPE))
TARGETS = np.eye(CLASSES)[RNG.integers(CLASSES, size=BATCH)]


def network() -> Network:
    stack: list[Layer] = [
        Conv(4, 3, pad=1),
        Activate("tanh"),
        MaxPool(),
        Dense(7),
        Activate("tanh"),
        Dense(CLASSES),
    ]
    return Network(stack, SHAPE, BATCH, "float64")


def backward(net: Network, rows: slice, total: int) -> None:
    net.step.total = total
    outputs = net.forward(X[rows].copy())
    _, delta = LOSSES["cross-entropy"](np, outputs, TARGETS[rows], total)
    net.backward(delta)


def test_squares_are_those_of_single_examples() -> None:
    net = network()
    expected = np.zeros_like(net.weights)
    for example in range(BATCH):
        backward(net, slice(example, example + 1), 1)
        expected += net.gradients**2 / BATCH
    found = np.zeros_like(net.weights)
    backward(net, slice(None), BATCH)
    add_squares(net, found)
    assert np.abs(found - expected).max() <= 1e-12 * expected.max()


def test_squares_of_parts_of_a_batch_add_up() -> None:
    net = network()
    whole, parts = np.zeros_like(net.weights), np.zeros_like(net.weights)
    backward(net, slice(None), BATCH)
    add_squares(net, whole)
    for rows in (slice(0, 2), slice(2, BATCH)):
        backward(net, rows, BATCH)
        add_squares(net, parts)
    assert np.allclose(parts, whole, rtol=1e-12, atol=0)


def test_squares_are_not_known_of_other_layers() -> None:
    net = Network([Dense(4), BatchNorm(), Dense(2)], SHAPE, BATCH, "float64")
    with pytest.raises(UsageError, match="dense and conv, not of BatchNorm"):
        linear_only(net)
    linear_only(network())


@pytest.mark.parametrize(
    ("name", "shape", "parameters"),
    [("lenet5", (28, 28, 1), 61_706), ("vgg-small", (28, 28, 1), 870_634)],
)
def test_nets_have_their_parameters(
    name: str, shape: tuple[int, ...], parameters: int
) -> None:
    net = Network(layers(TrainingProblem("glyphs", name), 10), shape, 2)
    assert sum(part.stop - part.start for part in net.parts) == parameters
