"""Dense: y = x W + b, samples as rows.

forward     y  = x W           2 n i o flops
backward    dW = x^T dy        2 n i o, and where wanted dx = dy W^T once more
"""

from dataclasses import dataclass, field
from math import prod

from tenbin.kernels.training.layers.initialise import Initialiser, he_normal, zeros
from tenbin.kernels.training.layers.layer import (
    Array,
    Examples,
    Layer,
    Place,
    Shape,
    Spec,
)


@dataclass(eq=False)
class Dense(Layer):
    """All inputs to each of `outputs`; a sample of more axes counts as one row."""

    outputs: int
    initial: Initialiser = he_normal
    weight: Array = field(init=False, repr=False, default=None)
    bias: Array = field(init=False, repr=False, default=None)
    inputs: Array = field(init=False, repr=False, default=None)
    deltas: Array = field(init=False, repr=False, default=None)

    def specs(self, shape: Shape) -> tuple[Spec, ...]:
        """Return W (inputs, outputs) and b (outputs,)."""
        return (
            Spec("weight", (prod(shape), self.outputs), self.initial),
            Spec("bias", (self.outputs,), zeros, penalised=False),
        )

    def out_shape(self, shape: Shape) -> Shape:
        """Return one axis of outputs."""
        return (self.outputs,)

    def bind(self, shape: Shape, place: Place) -> None:
        """Take memory for the outputs and for the gradient of the inputs."""
        self.place = place
        self.weight, self.bias = place.weights
        self._out = place.empty(place.batch, self.outputs)
        self._down = place.empty(place.batch, *shape)
        self._ones = place.xp.ones(place.batch, dtype=place.dtype)

    def forward(self, x: Array, training: bool) -> Array:
        """Return (n, outputs)."""
        n, xp = len(x), self.place.xp
        self.inputs = x.reshape(n, len(self.weight))
        out = self._out[:n]
        xp.matmul(self.inputs, self.weight, out=out)
        xp.add(out, self.bias, out=out)
        return out

    def backward(self, delta: Array, wanted: bool = True) -> Array:
        """Write dW and db; return dx in the shape of the inputs."""
        n, xp = len(delta), self.place.xp
        self.deltas = delta
        weight, bias = self.place.gradients
        xp.matmul(self.inputs.T, delta, out=weight)
        xp.matmul(self._ones[:n], delta, out=bias)
        if not wanted:
            return delta
        down = self._down[:n]
        xp.matmul(delta, self.weight.T, out=down.reshape(self.inputs.shape))
        return down

    def examples(self) -> Examples:
        """Return inputs (n, 1, i) and deltas (n, 1, o)."""
        return Examples(self.inputs[:, None], self.deltas[:, None])
