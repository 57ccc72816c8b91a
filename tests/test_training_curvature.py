"""Curvature from single examples, against one backward pass for each of them."""

from typing import Any

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


def torch_gradients(
    torch: Any, net: Network, x: np.ndarray, targets: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return the loss and the flat gradient of a net, by autograd."""
    f, leaves, flat = torch.nn.functional, [], []
    u = torch.tensor(x).permute(0, 3, 1, 2)
    for number, layer in enumerate(net.layers):
        if isinstance(layer, Activate):
            u = getattr(torch, layer.name)(u)
        elif isinstance(layer, MaxPool):
            u = f.max_pool2d(u, 2)
        else:
            parts = [part for part in net.parts if part.layer == number]
            weight, bias = (
                torch.tensor(part.of(net.weights).copy(), requires_grad=True)
                for part in parts
            )
            leaves += [weight, bias]
            flat += parts
            if isinstance(layer, Conv):
                channels, side = u.shape[1], layer.side
                filters = weight.reshape(side, side, channels, -1).permute(3, 2, 0, 1)
                u = f.conv2d(u, filters, bias, padding=layer.pad)
            else:
                rows = u.permute(0, 2, 3, 1) if u.ndim == 4 else u
                u = rows.reshape(len(rows), -1) @ weight + bias
    loss = f.cross_entropy(u, torch.tensor(targets.argmax(axis=1)))
    loss.backward()
    gradient = np.zeros_like(net.weights)
    for part, leaf in zip(flat, leaves, strict=True):
        part.of(gradient)[...] = leaf.grad.numpy().reshape(part.spec.shape)
    return float(loss.detach()), gradient


def test_squares_are_those_of_autograd() -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    net = network()
    expected = np.zeros_like(net.weights)
    for x, target in zip(X, TARGETS, strict=True):
        expected += torch_gradients(torch, net, x[None], target[None])[1] ** 2 / BATCH
    found = np.zeros_like(net.weights)
    backward(net, slice(None), BATCH)
    add_squares(net, found)
    assert np.abs(found - expected).max() <= 1e-10 * expected.max()


def test_a_small_vgg_learns_photographs_as_autograd_does() -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    stack = layers(TrainingProblem("cifar10", "vgg-small"), 10)
    net = Network(stack, (32, 32, 3), 2, "float64")
    net.step.total = 2
    x, targets = RNG.random((2, 32, 32, 3)), np.eye(10)[[3, 8]]
    loss, delta = LOSSES["cross-entropy"](np, net.forward(x.copy()), targets, 2)
    net.backward(delta)
    expected_loss, expected = torch_gradients(torch, net, x, targets)
    assert loss == pytest.approx(expected_loss, rel=1e-10)
    assert np.abs(net.gradients - expected).max() <= 1e-10 * np.abs(expected).max()
