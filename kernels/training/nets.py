"""Nets by name: `1000-500` is a multilayer perceptron, others are a line of NETS."""

import re
from collections.abc import Callable

from tenbin.errors import UsageError, unknown
from tenbin.kernels.training.layers import (
    ACTIVATIONS,
    Activate,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Layer,
    MaxPool,
    PReLU,
)
from tenbin.kernels.training.layers.initialise import (
    Initialiser,
    glorot_uniform,
    he_normal,
)
from tenbin.kernels.training.problem import TrainingProblem

_SIZES = re.compile(r"[1-9][0-9]{0,6}(-[1-9][0-9]{0,6})*")
HIDDEN = (*ACTIVATIONS, "prelu")
SATURATING = ("tanh", "sigmoid")

Net = Callable[[TrainingProblem, int], list[Layer]]


def layers(problem: TrainingProblem, classes: int) -> list[Layer]:
    """Return the layers of a problem's net; raise UsageError with the choices."""
    if problem.activation not in HIDDEN:
        raise unknown("activation", problem.activation, HIDDEN)
    if problem.net in NETS:
        return NETS[problem.net](problem, classes)
    return mlp(problem, hidden_sizes(problem.net), classes)


def hidden_sizes(net: str) -> tuple[int, ...]:
    """Return the sizes of the hidden layers of a perceptron.

    >>> hidden_sizes("1000-500")
    (1000, 500)
    """
    if not _SIZES.fullmatch(net):
        raise UsageError(
            f"no net {net!r:.60}; give hidden sizes such as 1000-500"
            + "".join(f", or {name}" for name in NETS)
        )
    return tuple(int(size) for size in net.split("-"))


def mlp(problem: TrainingProblem, hidden: tuple[int, ...], classes: int) -> list[Layer]:
    """Return hidden layers (linear, normalised, activated, dropped), linear outputs."""
    found: list[Layer] = []
    for size in hidden:
        found += [*hidden_layer(problem, Dense(size, initial(problem))), *drop(problem)]
    return [*found, Dense(classes, glorot_uniform)]


def lenet5(problem: TrainingProblem, classes: int) -> list[Layer]:
    """Return LeNet-5 (LeCun et al. 1998, table I) as it is built today.

    Every map of the first layer goes to every one of the second; maxima are pooled.
    """
    start = initial(problem)
    return [
        *hidden_layer(problem, Conv(6, 5, pad=2, initial=start)),
        MaxPool(),
        *hidden_layer(problem, Conv(16, 5, initial=start)),
        MaxPool(),
        *mlp(problem, (120, 84), classes),
    ]


def vgg_small(problem: TrainingProblem, classes: int) -> list[Layer]:
    """Return two VGG blocks (Simonyan and Zisserman 2015) for small images."""
    found: list[Layer] = []
    for maps in (32, 64):
        for _ in range(2):
            layer = Conv(maps, 3, pad=1, initial=initial(problem))
            found += hidden_layer(problem, layer)
        found.append(MaxPool())
    return [*found, *mlp(problem, (256,), classes)]


# name -> layers for a number of classes
NETS: dict[str, Net] = {"lenet5": lenet5, "vgg-small": vgg_small}


def hidden_layer(problem: TrainingProblem, linear: Layer) -> list[Layer]:
    """Return a linear layer, normalised where the problem says so, and activated."""
    norm = [BatchNorm()] if problem.normalise else []
    return [linear, *norm, activation(problem.activation)]


def drop(problem: TrainingProblem) -> list[Layer]:
    """Return a dropout layer where the problem has one."""
    return [Dropout(problem.dropout)] if problem.dropout else []


def initial(problem: TrainingProblem) -> Initialiser:
    """Return how the weights before the problem's activation start."""
    return glorot_uniform if problem.activation in SATURATING else he_normal


def activation(name: str) -> Layer:
    """Return the layer of an activation."""
    return PReLU() if name == "prelu" else Activate(name)
