"""Layers and losses: gradients against finite differences, and against torch."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tenbin.errors import UsageError
from tenbin.kernels.training.layers import (
    ACTIVATIONS,
    Activate,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Layer,
    MaxPool,
    MeanPool,
    Network,
    PReLU,
    Softmax,
)
from tenbin.kernels.training.losses import LOSSES
from tenbin.kernels.training.nets import layers
from tenbin.kernels.training.problem import TrainingProblem

Floats = NDArray[np.float64]
SHAPE, CLASSES, BATCH = (6, 7, 2), 3, 5
RNG = np.random.default_rng(3)
X = RNG.standard_normal((BATCH, *SHAPE))
TARGETS = np.eye(CLASSES)[RNG.integers(CLASSES, size=BATCH)]

STACKS: dict[str, Callable[[], list[Layer]]] = {
    "linear": list,
    **{
        name: lambda name=name: [Dense(8), Activate(name)]  # type: ignore[misc]
        for name in ACTIVATIONS
    },
    "prelu": lambda: [Dense(8), PReLU()],
    "softmax": lambda: [Dense(8), Softmax()],
    "convolution": lambda: [Conv(4, 3), Activate("tanh")],
    "strided, padded convolution": lambda: [
        Conv(3, 3, stride=2, pad=1),
        Activate("tanh"),
        Conv(4, 2),
    ],
    "largest": lambda: [Conv(3, 2), MaxPool(2), Activate("tanh")],
    "mean": lambda: [Conv(3, 2), MeanPool(2), Activate("tanh")],
    "prelu on images": lambda: [Conv(3, 2), PReLU()],
    "dropout": lambda: [Dense(8), Activate("tanh"), Dropout(0.4)],
    "normalised": lambda: [Dense(8), BatchNorm(), Activate("tanh")],
    "normalised images": lambda: [Conv(3, 2), BatchNorm(), Activate("relu")],
}


def network(name: str) -> Network:
    return Network([*STACKS[name](), Dense(CLASSES)], SHAPE, BATCH + 2, "float64")


def loss_of(net: Network, loss: str) -> float:
    net.step.total, net.step.rows = BATCH, range(BATCH)
    value, _ = LOSSES[loss](np, net.forward(X.copy()), TARGETS, BATCH)
    return float(value)


def gradients_of(net: Network, loss: str) -> Floats:
    net.step.total, net.step.rows = BATCH, range(BATCH)
    _, delta = LOSSES[loss](np, net.forward(X.copy()), TARGETS, BATCH)
    net.backward(delta)
    return np.array(net.gradients)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", STACKS)
def test_gradients_are_slopes_of_the_loss(name: str, loss: str) -> None:
    net = network(name)

    found = gradients_of(net, loss)

    direction = np.random.default_rng(9).standard_normal(found.size)
    start, h = net.weights.copy(), 1e-6
    for part in net.parts:  # every parameter moves along a direction of its own
        along = np.zeros_like(start)
        part.of(along)[...] = part.of(direction)
        net.weights[...] = start + h * along
        above = loss_of(net, loss)
        net.weights[...] = start - h * along
        below = loss_of(net, loss)
        slope = (above - below) / (2 * h)
        assert slope == pytest.approx(float(found @ along), rel=1e-6, abs=1e-8)


def test_input_gradients_reach_through_every_layer() -> None:
    net = network("strided, padded convolution")
    convs = [layer for layer in net.layers if isinstance(layer, Conv)]
    gradients_of(net, "cross-entropy")
    first = convs[0]
    delta = np.array(first.deltas).reshape(BATCH, *first.window.places, 3)

    found = np.array(first.backward(delta.copy(), wanted=True))

    direction, h = np.random.default_rng(2).standard_normal(X.shape), 1e-6
    values = []
    for sign in (1, -1):
        outputs = net.forward(X + sign * h * direction)
        values.append(LOSSES["cross-entropy"](np, outputs, TARGETS, BATCH)[0])
    slope = (values[0] - values[1]) / (2 * h)
    assert slope == pytest.approx(float(np.sum(found * direction)), rel=1e-6)


@pytest.mark.parametrize("name", ["relu", "convolution"])
def test_examples_make_up_the_gradients(name: str) -> None:
    net = network(name)
    gradients_of(net, "cross-entropy")

    for number, layer in enumerate(net.layers):
        found = layer.examples()
        if found is None:
            continue
        each = np.einsum("nti,nto->nio", found.inputs, found.deltas)
        weight, bias = (p.of(net.gradients) for p in net.parts if p.layer == number)
        np.testing.assert_allclose(each.sum(axis=0).ravel(), weight.ravel())
        np.testing.assert_allclose(found.deltas.sum(axis=(0, 1)), bias)


def test_gradients_are_ready_from_the_front() -> None:
    net = network("convolution")
    told: list[int] = []
    _, delta = LOSSES["cross-entropy"](np, net.forward(X.copy()), TARGETS, BATCH)

    net.backward(delta, told.append)

    assert told == sorted(told)
    assert told[-1] == max(net.ends)
    assert net.message.size - told[-1] < 8  # what fills the last cache line


def test_a_smaller_batch_uses_the_same_memory() -> None:
    net = network("convolution")
    whole = np.array(net.forward(X.copy()))

    part = np.array(net.forward(X[:2].copy()))

    np.testing.assert_allclose(part, whole[:2], rtol=1e-12)


def test_dropout_keeps_the_mean_and_stops_in_a_test() -> None:
    net = Network([Dropout(0.25)], (1000,), 50)
    net.step.total, net.step.rows = 50, range(50)

    training = np.array(net.forward(np.ones((50, 1000), np.float32)))
    testing = np.array(net.forward(np.ones((50, 1000), np.float32), training=False))

    assert training.mean() == pytest.approx(1.0, abs=0.02)
    assert set(np.unique(training)) == {np.float32(0), np.float32(1 / 0.75)}
    assert (testing == 1).all()


def test_dropout_of_a_rank_is_its_part_of_the_mask() -> None:
    net = Network([Dropout(0.5)], (30,), 10)
    net.step.total = 10
    net.step.rows = range(10)
    whole = np.array(net.forward(np.ones((10, 30), np.float32)))

    net.step.rows = range(4, 7)
    part = np.array(net.forward(np.ones((3, 30), np.float32)))

    np.testing.assert_array_equal(part, whole[4:7])


def test_a_window_that_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError, match="window of 9 does not fit 6x7 pixels"):
        Network([Conv(4, 9)], SHAPE, BATCH)
    with pytest.raises(UsageError, match="needs images"):
        Network([Dense(4), Conv(4, 3)], SHAPE, BATCH)


def test_nets_are_refused_with_the_choices() -> None:
    problem = TrainingProblem("glyphs", "1000-500")
    assert len(layers(problem, 10)) == 5
    with pytest.raises(UsageError, match="no net '10-x'"):
        layers(replace(problem, net="10-x"), 10)
    with pytest.raises(UsageError, match="no activation gelu; choose from tanh"):
        layers(replace(problem, activation="gelu"), 10)


# -- torch


def torch_layer(torch: Any, layer: Layer, in_shape: tuple[int, ...]) -> Any:
    """Return torch's layer with the same weights, for samples channels first."""
    nn = torch.nn
    if isinstance(layer, Dense):
        made = nn.Linear(layer.weight.shape[0], layer.outputs)
        made.weight.data = torch.tensor(layer.weight.T.copy())
        made.bias.data = torch.tensor(layer.bias.copy())
        flat = nn.Flatten()
        if len(in_shape) < 3:
            return made
        return nn.Sequential(_ChannelsLast(torch), flat, made)
    if isinstance(layer, Conv):
        side, channels = layer.side, in_shape[-1]
        made = nn.Conv2d(channels, layer.outputs, side, layer.stride, layer.pad)
        filters = layer.weight.reshape(side, side, channels, -1).transpose(3, 2, 0, 1)
        made.weight.data = torch.tensor(filters.copy())
        made.bias.data = torch.tensor(layer.bias.copy())
        return made
    if isinstance(layer, Activate):
        table = {
            "tanh": nn.Tanh,
            "relu": nn.ReLU,
            "sigmoid": nn.Sigmoid,
            "lrelu": nn.LeakyReLU,
        }
        return table[layer.name]()
    if isinstance(layer, BatchNorm):
        kind = nn.BatchNorm2d if len(in_shape) == 3 else nn.BatchNorm1d
        return kind(in_shape[-1], dtype=torch.float64)
    if isinstance(layer, PReLU):
        return nn.PReLU(in_shape[-1], dtype=torch.float64)
    if isinstance(layer, Softmax):
        return nn.Softmax(dim=-1)
    pools = {MaxPool: nn.MaxPool2d, MeanPool: nn.AvgPool2d}
    return pools[type(layer)](layer.side)  # type: ignore[index, attr-defined]


class _ChannelsLast:
    def __new__(cls, torch: Any) -> Any:
        class Permute(torch.nn.Module):  # type: ignore[misc]
            def forward(self, x: Any) -> Any:
                return x.permute(0, 2, 3, 1)

        return Permute()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", [name for name in STACKS if name != "dropout"])
def test_losses_and_gradients_are_those_of_torch(name: str, loss: str) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    net = network(name)
    theirs = torch.nn.Sequential(
        *(
            torch_layer(torch, layer, shape)
            for layer, shape in zip(net.layers, net.shapes, strict=False)
        )
    )
    u = theirs(torch.tensor(X.transpose(0, 3, 1, 2).copy()))
    t = torch.tensor(TARGETS)
    if loss == "cross-entropy":
        expected = torch.nn.functional.cross_entropy(u, t)
    else:
        expected = 0.5 * ((u - t) ** 2).sum() / BATCH
    expected.backward()

    assert loss_of(net, loss) == pytest.approx(expected.item(), rel=1e-10)
    gradients_of(net, loss)
    for number, (layer, module) in enumerate(zip(net.layers, theirs, strict=True)):
        mine = [p.of(net.gradients) for p in net.parts if p.layer == number]
        if not mine:
            continue
        ours = _torch_order(layer, mine)
        grads = [parameter.grad.numpy() for parameter in module.parameters()]
        for one, other in zip(ours, grads, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9)


def _torch_order(layer: Layer, gradients: list[Floats]) -> list[Floats]:
    if isinstance(layer, Dense):
        return [gradients[0].T, gradients[1]]
    if isinstance(layer, Conv):
        return [gradients[0].transpose(3, 2, 0, 1), gradients[1]]
    return gradients


@pytest.mark.parametrize("name", STACKS)
def test_a_rank_without_samples_has_no_gradient(name: str) -> None:
    net = network(name)
    gradients_of(net, "cross-entropy")
    net.step.total, net.step.rows = BATCH, range(2, 2)

    outputs = net.forward(X[:0].copy())
    loss, delta = LOSSES["cross-entropy"](np, outputs, TARGETS[:0], BATCH)
    net.backward(delta)

    assert loss == 0
    assert not net.gradients.any()
