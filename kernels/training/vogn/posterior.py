"""A diagonal Gaussian over the weights: how to draw from it and how it moves.

    q(w) = N(mu, tau / (N (s + gamma + d)))         d = tau / (N prior variance)

    m   <- beta1 m + g + d mu
    s   <- beta2 s + (1 - beta2) h                  h: mean square of the examples'
    mu  <- mu - rate m / (s + gamma + d)            gradients; no square root

(Khan et al. 2018, arXiv:1806.04854; Osawa et al. 2019, arXiv:1906.02506, with tempering
tau in the variance, where it is exact, not in the average of h.)
"""

from types import ModuleType

import numpy as np

from tenbin.kernels.training.layers.layer import Array
from tenbin.kernels.training.vogn.settings import Settings


class Posterior:
    """The Gaussian over a net's flat weights, for `count` training samples.

    `mean`, `momentum` and `curvature` (n,) are its state, of which `move` changes the
    slice `own`; by default that is all.
    """

    def __init__(
        self,
        xp: ModuleType,
        weights: Array,
        settings: Settings,
        count: int,
        own: slice = slice(None),
    ) -> None:
        self.own = own
        self.xp, self.settings, self.count = xp, settings, count
        self.mean = weights.copy()
        self.momentum = xp.zeros_like(weights)
        self.curvature = xp.full_like(weights, settings.precision)
        self._work = xp.empty_like(weights)

    def draw(self, out: Array, step: int, key: tuple[int, ...]) -> None:
        """Write a sample of the weights into `out`; the same for the same key."""
        xp, tau = self.xp, self.settings.weight(step)
        deviation = self._denominator(tau, slice(None))
        xp.multiply(deviation, self.count / tau, out=deviation)
        xp.sqrt(deviation, out=deviation)
        noise = np.random.default_rng(key).standard_normal(out.size, dtype=out.dtype)
        xp.divide(xp.asarray(noise), deviation, out=out)
        out += self.mean

    def move(self, g: Array, h: Array, rate: float, step: int) -> None:
        """Step by the mean gradient and the mean square, which are overwritten."""
        xp, settings, own = self.xp, self.settings, self.own
        mean, momentum, curvature = (
            vector[own] for vector in (self.mean, self.momentum, self.curvature)
        )
        g, h, tau = g[own], h[own], settings.weight(step)
        h *= 1.0 - settings.decay
        curvature *= settings.decay
        curvature += h
        xp.multiply(mean, self._prior(tau), out=h)
        momentum *= settings.momentum
        momentum += g
        momentum += h
        xp.divide(momentum, self._denominator(tau, own), out=g)
        g *= rate
        mean -= g

    def _prior(self, tau: float) -> float:
        return tau / (self.count * self.settings.prior_variance)

    def _denominator(self, tau: float, own: slice) -> Array:
        shift = self._prior(tau) + self.settings.damping
        return self.xp.add(self.curvature[own], shift, out=self._work[own])
