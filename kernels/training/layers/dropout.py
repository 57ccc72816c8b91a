"""Dropout (Srivastava et al. 2014), inverted: what stays is scaled by 1 / (1 - rate).

The mask belongs to the global batch, and a rank takes its rows, so that training is the
same on any number of ranks. It is a function of seed and step: nothing to be saved.
"""

from dataclasses import dataclass

import numpy as np

from tenbin.kernels.training.layers.layer import Array, Layer, Place, Shape


@dataclass(eq=False)
class Dropout(Layer):
    """Each value of a sample is dropped with probability `rate` while training."""

    rate: float

    def bind(self, shape: Shape, place: Place) -> None:
        """Take memory for the outputs: the layer before may need its own."""
        self.place = place
        self._out = place.empty(place.batch, *shape)

    def forward(self, x: Array, training: bool) -> Array:
        """Return x, thinned out while training."""
        self._mask = self._draw(x) if training and self.rate else None
        if self._mask is None:
            return x
        return self.place.xp.multiply(x, self._mask, out=self._out[: len(x)])

    def backward(self, delta: Array, wanted: bool = True) -> Array:
        """Return delta where values stayed."""
        if self._mask is not None:
            delta *= self._mask
        return delta

    def _draw(self, x: Array) -> Array:
        step = self.place.step
        key = (*self.place.seed, step.number, step.sample)
        rng = np.random.default_rng(key)
        drawn = rng.random((step.total, *x.shape[1:]), dtype=np.float32)
        mine = drawn[step.rows.start : step.rows.stop] >= self.rate
        scaled = mine * self.place.dtype.type(1.0 / (1.0 - self.rate))
        return self.place.xp.asarray(scaled)
