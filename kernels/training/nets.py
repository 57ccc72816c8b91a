"""Nets by name: `1000-500` is a multilayer perceptron, others are a line here."""

import re
from collections.abc import Callable

from tenbin.errors import UsageError, unknown
from tenbin.kernels.training.layers import (
    ACTIVATIONS,
    Activate,
    BatchNorm,
    Dense,
    Dropout,
    Layer,
    PReLU,
)
from tenbin.kernels.training.layers.initialise import glorot_uniform, he_normal
from tenbin.kernels.training.problem import TrainingProblem

_SIZES = re.compile(r"[1-9][0-9]{0,6}(-[1-9][0-9]{0,6})*")
HIDDEN = (*ACTIVATIONS, "prelu")
SATURATING = ("tanh", "sigmoid")

Net = Callable[[TrainingProblem, int], list[Layer]]

# name -> layers for a number of classes
NETS: dict[str, Net] = {}


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
    initial = glorot_uniform if problem.activation in SATURATING else he_normal
    for size in hidden:
        found.append(Dense(size, initial))
        if problem.normalise:
            found.append(BatchNorm())
        found.append(activation(problem.activation))
        if problem.dropout:
            found.append(Dropout(problem.dropout))
    return [*found, Dense(classes, glorot_uniform)]


def activation(name: str) -> Layer:
    """Return the layer of an activation."""
    return PReLU() if name == "prelu" else Activate(name)
