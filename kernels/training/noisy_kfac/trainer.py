"""Noisy K-FAC over the ranks: parts of the batch x samples of the weights, in any mix.

4 ranks, mc_groups 2            part 0     part 1
        samples 0, 2, ..        rank 0     rank 1
        samples 1, 3, ..        rank 2     rank 3

each step   for my samples: W ~ q -> backward -> V += gradient + prior's damping W
                            every t_stats: A, G += factors
            V, A and G summed: means over samples and batch      then as in K-FAC

One sample is noisy K-FAC as published; several average what a step goes by (Monte Carlo
variational inference). Noise depends on step, sample and layer: any mix draws the same.
"""

from math import sqrt

from tenbin.errors import UsageError
from tenbin.kernels.training.backprop.loop import LOSS, STOP
from tenbin.kernels.training.curvature.damping import root
from tenbin.kernels.training.kfac.trainer import Kfac
from tenbin.kernels.training.layers.layer import Array
from tenbin.kernels.training.layers.softmax import softmax
from tenbin.kernels.training.noisy_kfac.posterior import draw
from tenbin.kernels.training.noisy_kfac.settings import Settings
from tenbin.kernels.training.trainer import Setup

TRAIN, TEST = range(3, 5)  # which draws


class NoisyKfac(Kfac):
    """One run of noisy K-FAC on this rank; the net holds the mean between steps."""

    def __init__(self, setup: Setup, settings: Settings) -> None:
        ranks, groups = setup.topology.size, settings.mc_groups
        if ranks % groups:
            raise UsageError(
                f"noisy-kfac: mc_groups = {groups} does not divide {ranks} ranks"
            )
        super().__init__(setup, settings, ranks // groups)
        count = setup.data.train.size
        self.samples, self.test_samples = settings.samples, settings.test_samples
        self.mine = range(self.comm.rank // self.shares, settings.samples, groups)
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
            with self.spent("compute"):
                self._move_to(TRAIN, sample)
            loss += self._pass(x.copy(), targets, sample)
            net.weights[...] = mean
        net.gradients[...] = self.sums
        self.head[LOSS], self.head[STOP] = loss, self.setup.stop()
        self.reducer.finish()
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
        with self.spent("exchange"):
            self.factors.exchange.spread(self.roots)

    def predict(self, rows: Array) -> Array:
        """Return the mean of the predictions of `test_samples` samples."""
        if not self.test_samples:
            return super().predict(rows)
        mean, total = self.net.weights.copy(), 0.0
        for sample in range(self.test_samples):
            self._move_to(TEST, sample)
            total = total + softmax(self.xp, self.outputs(rows).copy())
            self.net.weights[...] = mean
        return total / self.test_samples

    def _move_to(self, which: int, sample: int) -> None:
        """Move the weights from the mean to a sample."""
        key = (self.setup.problem.seed, which, self.net.step.number, sample)
        draw(self.net, self.factors.blocks, self.roots, self.deviation, key)
