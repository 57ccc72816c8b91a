"""Element-wise activations, and their derivatives in terms of their own values.

    f           f(u)                    f'(u)
    tanh        tanh u                  1 - f^2
    sigmoid     1 / (1 + e^-u)          f (1 - f)
    relu        max(u, 0)               1 if u > 0 else 0
    lrelu       u if u > 0 else .01 u   1 if u > 0 else .01

Each works in place: on the outputs of the layer before, then on its gradient.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from tenbin.kernels.training.layers.layer import Array, Layer, Place, Shape

LEAK = 0.01


@dataclass(frozen=True)
class Activation:
    """`apply(xp, u, work)` turns u into f(u); `chain(xp, f, delta, work)` multiplies.

    Both are in place; `work` is memory of the same shape.
    """

    apply: Callable[[ModuleType, Array, Array], object]
    chain: Callable[[ModuleType, Array, Array, Array], object]


def _tanh(xp: ModuleType, u: Array, work: Array) -> None:
    xp.tanh(u, out=u)


def _tanh_chain(xp: ModuleType, f: Array, delta: Array, work: Array) -> None:
    xp.multiply(f, f, out=work)
    xp.subtract(1, work, out=work)
    xp.multiply(delta, work, out=delta)


def _sigmoid(xp: ModuleType, u: Array, work: Array) -> None:
    """Compute (1 + tanh(u / 2)) / 2, which cannot overflow."""
    xp.multiply(u, 0.5, out=u)
    xp.tanh(u, out=u)
    xp.multiply(u, 0.5, out=u)
    xp.add(u, 0.5, out=u)


def _sigmoid_chain(xp: ModuleType, f: Array, delta: Array, work: Array) -> None:
    xp.subtract(1, f, out=work)
    xp.multiply(work, f, out=work)
    xp.multiply(delta, work, out=delta)


def _relu(xp: ModuleType, u: Array, work: Array) -> None:
    xp.maximum(u, 0, out=u)


def _relu_chain(xp: ModuleType, f: Array, delta: Array, work: Array) -> None:
    xp.multiply(delta, f > 0, out=delta)


def _lrelu(xp: ModuleType, u: Array, work: Array) -> None:
    xp.multiply(u, LEAK, out=work)
    xp.maximum(u, work, out=u)


def _lrelu_chain(xp: ModuleType, f: Array, delta: Array, work: Array) -> None:
    xp.multiply(delta, LEAK, out=work)
    xp.copyto(delta, work, where=f <= 0)


ACTIVATIONS: dict[str, Activation] = {
    "tanh": Activation(_tanh, _tanh_chain),
    "relu": Activation(_relu, _relu_chain),
    "sigmoid": Activation(_sigmoid, _sigmoid_chain),
    "lrelu": Activation(_lrelu, _lrelu_chain),
}


@dataclass(eq=False)
class Activate(Layer):
    """One of ACTIVATIONS as a layer."""

    name: str

    def bind(self, shape: Shape, place: Place) -> None:
        """Take memory to work in."""
        self.place = place
        self._work = place.empty(place.batch, *shape)

    def forward(self, x: Array, training: bool) -> Array:
        """Return f(x), in the memory of x."""
        ACTIVATIONS[self.name].apply(self.place.xp, x, self._work[: len(x)])
        self._f = x
        return x

    def backward(self, delta: Array, wanted: bool = True) -> Array:
        """Return delta f', in the memory of delta."""
        work = self._work[: len(delta)]
        ACTIVATIONS[self.name].chain(self.place.xp, self._f, delta, work)
        return delta
