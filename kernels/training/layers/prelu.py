"""PReLU (He et al. 2015): u for u > 0, else a u with a learned a, one per channel.

dE/da = sum over samples and places of delta u [u <= 0]; a starts at 1/4, no penalty
"""

from dataclasses import dataclass
from functools import partial

from tenbin.kernels.training.layers.initialise import constant
from tenbin.kernels.training.layers.layer import Array, Layer, Place, Shape, Spec


@dataclass(eq=False)
class PReLU(Layer):
    """Works out of place: where a is 0 its own values do not tell u."""

    start: float = 0.25

    def specs(self, shape: Shape) -> tuple[Spec, ...]:
        """Return a (channels,)."""
        start = partial(constant, value=self.start)
        return (Spec("slope", shape[-1:], start, penalised=False),)

    def bind(self, shape: Shape, place: Place) -> None:
        """Take memory for the outputs."""
        self.place = place
        (self.slope,) = place.weights
        self._out = place.empty(place.batch, *shape)

    def forward(self, x: Array, training: bool) -> Array:
        """Return u or a u."""
        xp, out = self.place.xp, self._out[: len(x)]
        self._u, self._negative = x, x <= 0
        xp.multiply(x, self.slope, out=out)
        xp.copyto(out, x, where=~self._negative)
        return out

    def backward(self, delta: Array, wanted: bool = True) -> Array:
        """Write dE/da; return delta or a delta."""
        xp = self.place.xp
        lost = delta * self._u * self._negative
        xp.sum(lost, axis=tuple(range(lost.ndim - 1)), out=self.place.gradients[0])
        xp.copyto(delta, delta * self.slope, where=self._negative)
        return delta
