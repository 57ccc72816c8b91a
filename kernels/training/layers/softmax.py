"""Softmax as a layer, with its whole Jacobian; `cross-entropy` has its own inside.

f_k = e^{u_k} / sum_j e^{u_j}        dE/du_k = f_k (delta_k - sum_j delta_j f_j)
"""

from dataclasses import dataclass

from tenbin.kernels.training.layers.layer import Array, Layer


@dataclass(eq=False)
class Softmax(Layer):
    """Probabilities over the last axis, in place."""

    def forward(self, x: Array, training: bool) -> Array:
        """Return the probabilities."""
        softmax(self.place.xp, x)
        self._f = x
        return x

    def backward(self, delta: Array, wanted: bool = True) -> Array:
        """Return delta times the Jacobian."""
        along = (delta * self._f).sum(axis=-1, keepdims=True)
        delta -= along
        delta *= self._f
        return delta


def softmax(xp: object, u: Array) -> Array:
    """Turn u into its softmax over the last axis; nothing overflows."""
    u -= u.max(axis=-1, keepdims=True)
    xp.exp(u, out=u)  # type: ignore[attr-defined]
    u /= u.sum(axis=-1, keepdims=True)
    return u
