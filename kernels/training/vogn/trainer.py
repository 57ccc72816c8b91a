"""VOGN over the ranks: parts of the batch x samples of the weights, in any mix.

each step   for my samples: w = mu + sigma eps -> backward -> add g, squares of g
            loss, g and h: one vector, twice a gradient, summed
            every rank moves mu, s and m, all of them or its slice

Noise depends on the step and the sample, so any mix draws the same samples.
"""

from functools import partial
from typing import Any

from tenbin.kernels.training.backprop.loop import LOSS, STOP, Loop
from tenbin.kernels.training.curvature.linear import linear_only
from tenbin.kernels.training.curvature.squares import add_squares
from tenbin.kernels.training.layers.layer import Array
from tenbin.kernels.training.sampling import mean_prediction
from tenbin.kernels.training.streams import Stream
from tenbin.kernels.training.trainer import Setup, State
from tenbin.kernels.training.vogn.exchange import FORMS
from tenbin.kernels.training.vogn.posterior import Posterior
from tenbin.kernels.training.vogn.settings import Settings

RATE = 1e-3


class Vogn(Loop):
    """One run of VOGN on this rank."""

    def __init__(self, setup: Setup, settings: Settings) -> None:
        topology, ranks = setup.topology, setup.topology.size
        super().__init__(setup, RATE, settings.shares(ranks))
        linear_only(self.net)
        self.net.step.by_example = True
        net, problem = self.net, setup.problem
        self.settings, line = settings, net.head.size
        self.mine = settings.mine(ranks, self.comm.rank)
        message = self.xp.zeros(line + 2 * net.weights.size, dtype=net.dtype)
        self.head, self.sums = message[:line], message[line:]
        self.g, self.h = self.sums.reshape(2, -1)
        form = FORMS[settings.form]
        self.reducer = self.shared = form(topology, message, line, problem.allreduce)
        count, own = setup.data.train.size, self.shared.own
        self.posterior = Posterior(self.xp, net.weights, settings, count, own)
        self.memories = {
            "momentum": self.posterior.momentum,
            "curvature": self.posterior.curvature,
        }

    def gradient(self, x: Array, targets: Array) -> None:
        """Sum gradients and their squares over samples, examples and ranks."""
        net, share = self.net, 1.0 / self.settings.samples
        self.sums.fill(0)
        self.head[LOSS], self.head[STOP] = 0.0, self.setup.stop()
        for sample in self.mine:
            self._move_to(Stream.VOGN_TRAIN, sample)
            outputs = net.forward(x.copy())
            loss, delta = self.loss(self.xp, outputs, targets, net.step.total)
            net.backward(delta)
            self.head[LOSS] += share * loss
            with self.spent("curvature"):
                add_squares(net, self.h, share)
            net.gradients *= share
            self.g += net.gradients
        self.finish()

    def update(self, rate: float, number: int) -> None:
        """Move the Gaussian; the net holds its mean between steps."""
        self.posterior.move(self.g, self.h, rate, number - 1)
        with self.spent("communication"):
            self.shared.spread(self.posterior.mean, self.posterior.curvature)
        self.net.weights[...] = self.posterior.mean

    def state(self) -> State:
        """Return the state, momenta from their owners among it. Collective."""
        self.shared.spread(self.posterior.momentum)
        return super().state()

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        super().restore(state)
        self.posterior.mean[...] = self.net.weights

    def predict(self, rows: Array) -> Array:
        """Return the mean of the predictions of `test_samples` samples."""
        if not self.settings.test_samples:
            return super().predict(rows)
        move = partial(self._move_to, Stream.VOGN_TEST)
        return mean_prediction(self, rows, self.settings.test_samples, move)

    def _move_to(self, stream: Stream, sample: int) -> None:
        """Move the weights from the mean to a sample."""
        number = self.net.step.number
        key = stream.key(self.setup.problem.seed, number, sample)
        self.posterior.draw(self.net.weights, number, key)
