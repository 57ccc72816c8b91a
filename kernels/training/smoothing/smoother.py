"""Smoother: what smoothing changes of a step: its samples, and where its gradient is.

All draws depend on the seed and the step alone: the same on any number of ranks, and
nothing to be saved.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from tenbin.kernels.training.data.order import Indices
from tenbin.kernels.training.layers.layer import Array
from tenbin.kernels.training.layers.network import Network
from tenbin.kernels.training.smoothing import mixup, smoothout
from tenbin.kernels.training.smoothing.settings import Smoothing
from tenbin.kernels.training.streams import Stream

Feed = Callable[[Indices], tuple[Array, Array]]


class Smoother:
    """Smooths the steps of a net as the settings say; without them it does nothing."""

    def __init__(self, settings: Smoothing, net: Network, seed: int) -> None:
        self.settings, self.net, self.seed = settings, net, seed

    def samples(self, feed: Feed, batch: Indices) -> tuple[Array, Array]:
        """Return images and targets of this rank's rows of a global batch."""
        rows = slice(self.net.step.rows.start, self.net.step.rows.stop)
        x, targets = feed(batch[rows])
        if not self.settings.mixup:
            return x, targets
        rng = self._rng(Stream.MIXUP)
        share, partners = mixup.draw(batch, self.settings.mixup, rng)
        x = x.copy()
        x_other, targets_other = feed(partners[rows])
        return (
            mixup.blend(x, x_other, share),
            mixup.blend(targets, targets_other, share),
        )

    @contextmanager
    def shifted(self) -> Iterator[None]:
        """Hold the weights beside where they are; they come back to the bit."""
        if not self.settings.smoothout:
            yield
            return
        kept = self.net.weights.copy()
        kind, strength = self.settings.noise, self.settings.smoothout
        smoothout.shift(self.net, kind, strength, self._rng(Stream.SMOOTHOUT))
        try:
            yield
        finally:
            self.net.weights[...] = kept

    def _rng(self, stream: Stream) -> np.random.Generator:
        return stream.rng(self.seed, self.net.step.number)
