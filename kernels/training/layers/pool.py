"""Pooling: the largest value or the mean of windows that do not overlap."""

from dataclasses import dataclass

from tenbin.errors import UsageError
from tenbin.kernels.training.layers.layer import Array, Layer, Place, Shape


@dataclass(eq=False)
class Pool(Layer):
    """Windows of `side` x `side`; what is left over at the edges is dropped."""

    side: int = 2

    def out_shape(self, shape: Shape) -> Shape:
        """Return (H / side, W / side, C), rounded down."""
        if len(shape) != 3 or min(shape[:2]) < self.side:
            raise UsageError(f"pooling by {self.side} needs images, not {shape}")
        return shape[0] // self.side, shape[1] // self.side, shape[2]

    def bind(self, shape: Shape, place: Place) -> None:
        """Take memory for the outputs and the gradient of the inputs."""
        self.place, self._shape = place, shape
        self._out = place.empty(place.batch, *self.out_shape(shape))
        self._down = place.xp.zeros((place.batch, *shape), dtype=place.dtype)

    def _corners(self, images: Array) -> list[Array]:
        """Return a view (n, P, Q, C) for each place within the windows."""
        high, wide = (n // self.side * self.side for n in self._shape[:2])
        return [
            images[:, r : high : self.side, s : wide : self.side]
            for r in range(self.side)
            for s in range(self.side)
        ]


@dataclass(eq=False)
class MaxPool(Pool):
    """The largest value; the first of equals gets the gradient."""

    def bind(self, shape: Shape, place: Place) -> None:
        """Take memory for who won, too."""
        super().bind(shape, place)
        self._winner = place.xp.zeros(self._out.shape, dtype="uint8")

    def forward(self, x: Array, training: bool) -> Array:
        """Return the maxima."""
        out, winner = self._out[: len(x)], self._winner[: len(x)]
        first, *others = self._corners(x)
        out[...], winner[...] = first, 0
        for number, other in enumerate(others, start=1):
            winner[other > out] = number
            self.place.xp.maximum(out, other, out=out)
        return out

    def backward(self, delta: Array, wanted: bool = True) -> Array:
        """Return the gradient at the maxima, 0 elsewhere."""
        n = len(delta)
        down, winner = self._down[:n], self._winner[:n]
        for number, target in enumerate(self._corners(down)):
            self.place.xp.multiply(delta, winner == number, out=target)
        return down


@dataclass(eq=False)
class MeanPool(Pool):
    """The mean."""

    def forward(self, x: Array, training: bool) -> Array:
        """Return the means."""
        out = self._out[: len(x)]
        first, *others = self._corners(x)
        out[...] = first
        for other in others:
            out += other
        out *= 1.0 / self.side**2
        return out

    def backward(self, delta: Array, wanted: bool = True) -> Array:
        """Return the gradient, shared evenly."""
        delta *= 1.0 / self.side**2
        down = self._down[: len(delta)]
        for target in self._corners(down):
            target[...] = delta
        return down
