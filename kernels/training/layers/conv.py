"""Conv: convolution by patches and one GEMM, channels last (N H W C, R S C K).

image (n, H, W, C)  --patches-->  (n P Q, R S C)  x  W (R S C, K)  ->  (n, P, Q, K)

forward 2 n P Q R S C K flops, backward twice that; the patches copy each pixel
R S / stride^2 times (im2col: Chellapilla, Puri and Simard 2006).
"""

from dataclasses import dataclass, field
from math import prod

from tenbin.errors import UsageError
from tenbin.kernels.training.layers.initialise import Initialiser, he_normal, zeros
from tenbin.kernels.training.layers.layer import (
    Array,
    Examples,
    Layer,
    Place,
    Shape,
    Spec,
)
from tenbin.kernels.training.layers.window import Window


@dataclass(eq=False)
class Conv(Layer):
    """`outputs` filters of `side` x `side`; `pad` zeros on every edge."""

    outputs: int
    side: int
    stride: int = 1
    pad: int = 0
    initial: Initialiser = he_normal
    weight: Array = field(init=False, repr=False, default=None)
    bias: Array = field(init=False, repr=False, default=None)
    patches: Array = field(init=False, repr=False, default=None)
    deltas: Array = field(init=False, repr=False, default=None)

    def specs(self, shape: Shape) -> tuple[Spec, ...]:
        """Return W (R, S, C, K) and b (K,)."""
        filters = (self.side, self.side, shape[-1], self.outputs)
        return (
            Spec("weight", filters, self.initial),
            Spec("bias", (self.outputs,), zeros, penalised=False),
        )

    def out_shape(self, shape: Shape) -> Shape:
        """Return (P, Q, K)."""
        if len(shape) != 3:
            raise UsageError(f"a convolution needs images, not samples of {shape}")
        return (*self._window(shape).places, self.outputs)

    def _window(self, shape: Shape) -> Window:
        return Window(shape[0], shape[1], self.side, self.stride, self.pad)

    def bind(self, shape: Shape, place: Place) -> None:
        """Take memory for padded images, patches, outputs and gradients."""
        self.place, self._shape = place, shape
        weight, self.bias = place.weights
        self.weight = weight.reshape(-1, self.outputs)
        self._gradient = place.gradients[0].reshape(-1, self.outputs)
        window = self.window = self._window(shape)
        positions, fan_in = prod(window.places), len(self.weight)
        self._fan_in = fan_in
        self._padded = place.xp.zeros(
            (place.batch, *window.padded, shape[-1]), dtype=place.dtype
        )
        self._down = place.xp.zeros_like(self._padded)
        self._patches = place.empty(place.batch, positions, fan_in)
        self._patches_down = place.empty(place.batch, positions, fan_in)
        self._out = place.empty(place.batch, positions, self.outputs)
        self._ones = place.xp.ones(place.batch * positions, dtype=place.dtype)

    def forward(self, x: Array, training: bool) -> Array:
        """Return (n, P, Q, K)."""
        n, xp = len(x), self.place.xp
        padded = self.window.inside(self._padded[:n])
        padded[...] = x
        self.patches = self.window.gather(self._padded[:n], self._patches[:n])
        out = self._out[:n]
        flat = out.reshape(-1, self.outputs)
        xp.matmul(self.patches.reshape(len(flat), self._fan_in), self.weight, out=flat)
        xp.add(flat, self.bias, out=flat)
        return out.reshape(n, *self.window.places, self.outputs)

    def backward(self, delta: Array, wanted: bool = True) -> Array:
        """Write dW, unless by example, and db; return dx (n, H, W, C)."""
        n, xp = len(delta), self.place.xp
        self.deltas = delta.reshape(self._out[:n].shape)
        flat = self.deltas.reshape(-1, self.outputs)
        rows = self.patches.reshape(len(flat), self._fan_in)
        if not self.place.step.by_example:
            xp.matmul(rows.T, flat, out=self._gradient)
        xp.matmul(self._ones[: len(flat)], flat, out=self.place.gradients[1])
        if not wanted:
            return delta
        down = self._patches_down[:n]
        xp.matmul(flat, self.weight.T, out=down.reshape(rows.shape))
        return self.window.inside(self.window.scatter(down, self._down[:n]))

    def examples(self) -> Examples:
        """Return patches (n, P Q, R S C) and deltas (n, P Q, K)."""
        return Examples(self.patches, self.deltas)
