"""Twin: one trunk for both images of a pair, and how far apart their features are.

(n, H, W, 2 C)  ->  (2n, H, W, C)  -trunk->  h (2n, F)  ->  |h1 - h2| (n, F)

Both sides go through the same weights at once, so their gradients add by themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tenbin.kernels.training.layers import Layer, Place, Spec
from tenbin.kernels.training.layers.layer import Array, Shape


@dataclass(eq=False)
class Twin(Layer):
    """`trunk` is layers in a row that end in features."""

    trunk: Sequence[Layer]

    def _shapes(self, shape: Shape) -> list[Shape]:
        """Return the shape of a sample in front of every layer, and behind the last."""
        shapes: list[Shape] = [(*shape[:-1], shape[-1] // 2)]
        for layer in self.trunk:
            shapes.append(layer.out_shape(shapes[-1]))
        return shapes

    def specs(self, shape: Shape) -> tuple[Spec, ...]:
        """Return the parameters of the trunk."""
        pairs = zip(self.trunk, self._shapes(shape), strict=False)
        return tuple(
            replace(spec, name=f"{number}_{spec.name}")
            for number, (layer, before) in enumerate(pairs)
            for spec in layer.specs(before)
        )

    def out_shape(self, shape: Shape) -> Shape:
        """Return the features."""
        return self._shapes(shape)[-1]

    def bind(self, shape: Shape, place: Place) -> None:
        """Give every layer its weights and twice the batch."""
        self.place, used = place, 0
        shapes = self._shapes(shape)
        for number, layer in enumerate(self.trunk):
            mine = slice(used, used + len(layer.specs(shapes[number])))
            used = mine.stop
            layer.bind(
                shapes[number],
                replace(
                    place,
                    batch=2 * place.batch,
                    seed=(*place.seed, number),
                    weights=place.weights[mine],
                    gradients=place.gradients[mine],
                ),
            )
        self._both = place.xp.empty((2 * place.batch, *shapes[0]), dtype=place.dtype)
        self._down = place.xp.empty((2 * place.batch, *shapes[-1]), dtype=place.dtype)

    def forward(self, x: Array, training: bool) -> Array:
        """Return |h1 - h2| (n, F)."""
        n, channels = len(x), x.shape[-1] // 2
        h = self._both[: 2 * n]
        h[:n], h[n:] = x[..., :channels], x[..., channels:]
        for layer in self.trunk:
            h = layer.forward(h, training)
        difference = h[:n] - h[n:]
        self._sign = self.place.xp.sign(difference)
        return abs(difference)

    def backward(self, delta: Array, wanted: bool = True) -> Array:
        """Write the gradients of the trunk; nothing comes before it."""
        n = len(delta)
        down = self._down[: 2 * n]
        down[:n] = delta * self._sign
        down[n:] = -down[:n]
        for number in reversed(range(len(self.trunk))):
            down = self.trunk[number].backward(down, number > 0)
        return delta
