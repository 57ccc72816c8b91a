"""Noisy K-FAC over the ranks: parts of the batch x samples of the weights, in any mix.

each step   for my samples: W ~ q -> backward -> V += gradient + prior's damping W
                            every t_stats: A, G += factors
            V, A and G summed: means over samples and batch      then as in K-FAC

One sample is noisy K-FAC as published; several average what a step goes by (Monte Carlo
variational inference). Noise depends on step, sample and layer: any mix draws the same.
"""

from functools import partial
from math import sqrt

from tenbin.kernels.training.backprop.loop import LOSS, STOP
from tenbin.kernels.training.curvature.damping import root
from tenbin.kernels.training.kfac.trainer import Kfac
from tenbin.kernels.training.layers.layer import Array
from tenbin.kernels.training.noisy_kfac.posterior import draw
from tenbin.kernels.training.noisy_kfac.settings import Settings
from tenbin.kernels.training.sampling import mean_prediction
from tenbin.kernels.training.streams import Stream
from tenbin.kernels.training.trainer import Setup


class NoisyKfac(Kfac):
    """One run of noisy K-FAC on this rank; the net holds the mean between steps."""

    def __init__(self, setup: Setup, settings: Settings) -> None:
        ranks, count = setup.topology.size, setup.data.train.size
        super().__init__(setup, settings, settings.shares(ranks))
        self.samples, self.test_samples = settings.samples, settings.test_samples
        self.mine = settings.mine(ranks, self.comm.rank)
        self.intrinsic = settings.intrinsic(count)
        self.damping += self.intrinsic
        self.deviation = sqrt(settings.kl / count)
        self.roots = self.factors.empty()
        self.memories |= self.factors.views("root", self.roots)
        self.sums = self.xp.empty_like(self.net.gradients)

    def gradient(self, x: Array, targets: Array) -> None:
        """Sum gradients and factors over samples, examples and ranks."""
        net, mean = self.net, self.net.weights.copy()
        self.sums.fill(0)
        loss = 0.0
        for sample in self.mine:
            self._move_to(Stream.KFAC_TRAIN, sample)
            loss += self._pass(x.copy(), targets, sample)
            net.weights[...] = mean
        net.gradients[...] = self.sums
        self.head[LOSS], self.head[STOP] = loss, self.setup.stop()
        self.finish()
        if self.measured:
            self.collect()

    def _pass(self, x: Array, targets: Array, sample: int) -> float:
        """Add what one sample of the weights gives; return its share of the loss."""
        net, share = self.net, 1.0 / self.samples
        loss = self.backward(x, targets, sample, share)
        part = len(net.step.rows) / net.step.total
        self.sums += share * net.gradients
        self.sums += share * part * self.intrinsic * net.weights
        return share * loss

    def renew(self) -> None:
        """Invert the averages, and take the roots that samples are drawn by."""
        super().renew()
        with self.spent("inverse"):
            self.factors.make(root, self.intrinsic, self.roots)
        with self.spent("communication"):
            self.factors.exchange.spread(self.roots)

    def predict(self, rows: Array) -> Array:
        """Return the mean of the predictions of `test_samples` samples."""
        if not self.test_samples:
            return super().predict(rows)
        move = partial(self._move_to, Stream.KFAC_TEST)
        return mean_prediction(self, rows, self.test_samples, move)

    def _move_to(self, stream: Stream, sample: int) -> None:
        """Move the weights from the mean to a sample."""
        key = stream.key(self.setup.problem.seed, self.net.step.number, sample)
        draw(self.net, self.factors.blocks, self.roots, self.deviation, key)
