"""Network: layers in a row, their parameters in one vector, gradients in another.

    weights          [ last layer | ... | second | first layer ]
    message   [ head | gradients of the same    ...            ]
                ready first in the backward pass    ready last

The order is that of the backward pass, so that an allreduce can start at the front
while the rest is still being computed. The head is a cache line for what else the
ranks have to sum: the loss. Parts begin at cache lines.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from types import ModuleType

import numpy as np

from tenbin.kernels.training.layers.layer import (
    Array,
    Layer,
    Place,
    Shape,
    Spec,
    Step,
)

LINE_BYTES = 64


@dataclass(frozen=True)
class Part:
    """Where a parameter lies in the flat vectors."""

    layer: int
    spec: Spec
    start: int

    @property
    def stop(self) -> int:
        """Return its end, without what fills the cache line."""
        return self.start + prod(self.spec.shape)

    def of(self, flat: Array) -> Array:
        """Return the view of the parameter."""
        return flat[self.start : self.stop].reshape(self.spec.shape)


class Network:
    """Layers for samples of `shape`; at most `batch` of them at a time.

    The initial weights depend on `seed` alone. `step` is shared with the layers.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        shape: Shape,
        batch: int,
        dtype: str = "float32",
        xp: ModuleType = np,
        seed: int = 1,
    ) -> None:
        self.layers, self.shape, self.xp = tuple(layers), shape, xp
        self.dtype, self.batch, self.step = np.dtype(dtype), batch, Step()
        self.shapes = [shape]
        for layer in layers:
            self.shapes.append(layer.out_shape(self.shapes[-1]))
        self.parts, size = self._lay_out()
        self.weights = xp.zeros(size, dtype=self.dtype)
        line = LINE_BYTES // self.dtype.itemsize
        self.message = xp.zeros(line + size, dtype=self.dtype)
        self.head, self.gradients = self.message[:line], self.message[line:]
        self.ends = [
            line + max((p.stop for p in self.parts if p.layer >= number), default=0)
            for number in range(len(layers))
        ]
        self._bind(seed)
        self._start(seed)

    def _bind(self, seed: int) -> None:
        """Give every layer its place, with views of its own parameters."""
        for number, layer in enumerate(self.layers):
            mine = [part for part in self.parts if part.layer == number]
            place = Place(
                self.xp,
                self.dtype,
                self.batch,
                self.step,
                (seed, number),
                [part.of(self.weights) for part in mine],
                [part.of(self.gradients) for part in mine],
            )
            layer.bind(self.shapes[number], place)

    def _lay_out(self) -> tuple[list[Part], int]:
        parts, size, line = [], 0, LINE_BYTES // self.dtype.itemsize
        for number in reversed(range(len(self.layers))):
            for spec in self.layers[number].specs(self.shapes[number]):
                parts.append(Part(number, spec, size))
                size += -(-prod(spec.shape) // line) * line
        return parts, size

    def _start(self, seed: int) -> None:
        for place, part in enumerate(self.parts):
            rng = np.random.default_rng((seed, part.layer, place))
            drawn = part.spec.initial(rng, part.spec.shape)
            part.of(self.weights)[...] = self.xp.asarray(drawn, dtype=self.dtype)

    def forward(self, x: Array, training: bool = True) -> Array:
        """Return the outputs (n, ...) of x (n, ...), which may be overwritten."""
        out = x.reshape(len(x), *self.shape)
        for layer in self.layers:
            out = layer.forward(out, training)
        return out

    def backward(
        self, delta: Array, ready: Callable[[int], object] = lambda end: None
    ) -> None:
        """Fill the gradients from dE/doutput, which may be overwritten.

        `ready(end)` is told whenever a longer front of the message is complete.
        """
        first = min((p.layer for p in self.parts), default=len(self.layers))
        for number in reversed(range(first, len(self.layers))):
            delta = self.layers[number].backward(delta, number > first)
            ready(self.ends[number])

    def buffers(self) -> dict[str, Array]:
        """Return what training changes besides the weights, by layer."""
        return {
            f"layer{number}_{name}": array
            for number, layer in enumerate(self.layers)
            for name, array in layer.buffers().items()
        }
