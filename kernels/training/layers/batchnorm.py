"""Batch normalisation (Ioffe and Szegedy 2015) over the global batch of all ranks.

    y = gamma (x - mean) / sqrt(var + eps) + beta       per channel, the last axis
    dx = gamma / s (dy - mean(dy) - xhat mean(dy xhat))

Two sums over the ranks going forward, one coming back: training is the same on any
number of ranks. Testing uses running means.
"""

from dataclasses import dataclass

from tenbin.kernels.training.layers.initialise import ones, zeros
from tenbin.kernels.training.layers.layer import Array, Layer, Place, Shape, Spec


@dataclass(eq=False)
class BatchNorm(Layer):
    """`momentum` is the weight of a new batch in the running means."""

    momentum: float = 0.1
    eps: float = 1e-5

    def specs(self, shape: Shape) -> tuple[Spec, ...]:
        """Return gamma and beta (channels,)."""
        return (
            Spec("gamma", shape[-1:], ones, penalised=False),
            Spec("beta", shape[-1:], zeros, penalised=False),
        )

    def bind(self, shape: Shape, place: Place) -> None:
        """Take memory for normalised values, outputs, and the running means."""
        self.place = place
        self._hat = place.empty(place.batch, *shape)
        self._out = place.empty(place.batch, *shape)
        self._work = place.empty(place.batch, *shape)
        self._sums = place.empty(2, shape[-1])
        self._positions = 1
        for size in shape[:-1]:
            self._positions *= size
        self.running_mean = place.xp.zeros(shape[-1], dtype=place.dtype)
        self.running_var = place.xp.ones(shape[-1], dtype=place.dtype)

    def forward(self, x: Array, training: bool) -> Array:
        """Return normalised, scaled and shifted x."""
        gamma, beta = self.place.weights
        hat, out = self._hat[: len(x)], self._out[: len(x)]
        mean, var = self._moments(x) if training else self._running()
        self._scale = 1.0 / (var + self.eps) ** 0.5
        self.place.xp.subtract(x, mean, out=hat)
        hat *= self._scale
        self.place.xp.multiply(hat, gamma, out=out)
        out += beta
        return out

    def backward(self, delta: Array, wanted: bool = True) -> Array:
        """Write dgamma and dbeta; return dx."""
        gamma, _ = self.place.weights
        hat, work = self._hat[: len(delta)], self._work[: len(delta)]
        self.place.xp.multiply(delta, hat, out=work)
        sums = self._sums
        sums[0], sums[1] = self._sum(delta), self._sum(work)
        self.place.gradients[1][...], self.place.gradients[0][...] = sums
        self.place.step.sum_over_ranks(sums)
        sums /= self._count()
        self.place.xp.multiply(hat, sums[1], out=work)
        delta -= work
        delta -= sums[0]
        delta *= gamma * self._scale
        return delta

    def buffers(self) -> dict[str, Array]:
        """Return the running means."""
        return {"mean": self.running_mean, "var": self.running_var}

    def _running(self) -> tuple[Array, Array]:
        return self.running_mean, self.running_var

    def _moments(self, x: Array) -> tuple[Array, Array]:
        """Return mean and variance of the global batch; move the running ones."""
        step, count = self.place.step, self._count()
        mean = self._sum(x)
        step.sum_over_ranks(mean)
        mean /= count
        centred = self._hat[: len(x)]
        self.place.xp.subtract(x, mean, out=centred)
        centred *= centred
        var = self._sum(centred)
        step.sum_over_ranks(var)
        var /= count
        self.running_mean += self.momentum * (mean - self.running_mean)
        unbiased = var * (count / max(1, count - 1))
        self.running_var += self.momentum * (unbiased - self.running_var)
        return mean, var

    def _count(self) -> int:
        return self.place.step.total * self._positions

    def _sum(self, values: Array) -> Array:
        """Sum over all axes but the last."""
        return values.reshape(-1, values.shape[-1]).sum(axis=0)
