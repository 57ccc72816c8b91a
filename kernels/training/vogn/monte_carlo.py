"""Plain Monte Carlo: Adam, and predictions averaged over dropout or weight noise.

Dropout that stays on (Gal and Ghahramani 2016, arXiv:1506.02142), or each weight w
drawn from N(w, (noise |w|)^2): no distribution is learnt.
"""

from dataclasses import dataclass

from tenbin.errors import UsageError
from tenbin.kernels.training.backprop.trainer import Backprop
from tenbin.kernels.training.layers.layer import Array
from tenbin.kernels.training.optimisers import Optimiser
from tenbin.kernels.training.sampling import mean_prediction
from tenbin.kernels.training.streams import Stream
from tenbin.kernels.training.trainer import Setup


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
        step = self.net.step
        training = step.rows, step.total
        step.rows, step.total = range(1), 1  # one thinned net for all images
        dropped, count = self.setup.problem.dropout > 0, self.sampling.test_samples
        told = mean_prediction(self, rows, count, self._move_to, training=dropped)
        (step.rows, step.total), step.sample = training, 0
        return told

    def _move_to(self, number: int) -> None:
        """Thin the net anew, and multiply its weights by 1 + noise eps."""
        self.net.step.sample = sample = number + 1
        if not self.sampling.noise:
            return
        rng = Stream.NOISE.rng(self.setup.problem.seed, sample)
        eps = rng.standard_normal(self.net.weights.size, dtype=self.net.dtype)
        self.net.weights *= 1.0 + self.sampling.noise * self.xp.asarray(eps)
