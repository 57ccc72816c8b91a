"""Plain Monte Carlo: Adam, and predictions averaged over dropout or weight noise.

Dropout that stays on (Gal and Ghahramani 2016, arXiv:1506.02142), or each weight w
drawn from N(w, (noise |w|)^2): no distribution is learnt.
"""

from dataclasses import dataclass

import numpy as np

from tenbin.errors import UsageError
from tenbin.kernels.training.backprop.trainer import Backprop
from tenbin.kernels.training.layers.layer import Array
from tenbin.kernels.training.layers.softmax import softmax
from tenbin.kernels.training.optimisers import Optimiser
from tenbin.kernels.training.trainer import Setup

TEST = 1  # the noise of predictions


@dataclass(frozen=True)
class Sampling:
    """`test_samples` are averaged; `noise` is relative to each weight."""

    test_samples: int = 10
    noise: float = 0.0

    def __post_init__(self) -> None:
        if self.test_samples < 1:
            raise UsageError(f"mc: test_samples = {self.test_samples}; at least 1")
        if not 0.0 <= self.noise < float("inf"):
            raise UsageError(f"mc: noise = {self.noise} is negative")


class MonteCarlo(Backprop):
    """Backpropagation whose predictions are averaged over random nets."""

    def __init__(self, setup: Setup, optimiser: Optimiser, sampling: Sampling) -> None:
        super().__init__(setup, optimiser)
        self.sampling = sampling

    def predict(self, rows: Array) -> Array:
        """Return the mean of the predictions of `test_samples` nets."""
        net, step = self.net, self.net.step
        trained, total = net.weights.copy(), 0.0
        training = step.rows, step.total
        step.rows, step.total = range(1), 1  # one thinned net for all images
        for step.sample in range(1, self.sampling.test_samples + 1):
            net.weights[...] = trained * self._factors(step.sample)
            told = self.outputs(rows, training=self.setup.problem.dropout > 0)
            total = total + softmax(self.xp, told.copy())
        net.weights[...] = trained
        (step.rows, step.total), step.sample = training, 0
        return total / self.sampling.test_samples

    def _factors(self, sample: int) -> Array:
        """Return 1 + noise eps for each weight."""
        if not self.sampling.noise:
            return 1.0
        rng = np.random.default_rng((self.setup.problem.seed, TEST, sample))
        eps = rng.standard_normal(self.net.weights.size, dtype=self.net.dtype)
        return 1.0 + self.sampling.noise * self.xp.asarray(eps)
