"""VOGN over the ranks: parts of the batch x samples of the weights, in any mix.

4 ranks, mc_groups 2            part 0     part 1
        samples 0, 2, ..        rank 0     rank 1
        samples 1, 3, ..        rank 2     rank 3

each step   for my samples: w = mu + sigma eps -> backward -> add g, squares of g
            loss, g and h: one vector, twice a gradient, one allreduce
            every rank moves mu, s and m alike

Noise depends on the step and the sample, so any mix draws the same samples.
"""

import time
from typing import Any

from tenbin.errors import UsageError
from tenbin.kernels.training.backprop.loop import LOSS, STOP, Loop
from tenbin.kernels.training.backprop.reduce import Reducer
from tenbin.kernels.training.curvature.squares import add_squares, linear_only
from tenbin.kernels.training.layers.layer import Array
from tenbin.kernels.training.layers.softmax import softmax
from tenbin.kernels.training.trainer import Setup
from tenbin.kernels.training.vogn.posterior import Posterior
from tenbin.kernels.training.vogn.settings import Settings

RATE = 1e-3
TRAIN, TEST = range(2)  # which noise


class Vogn(Loop):
    """One run of VOGN on this rank."""

    def __init__(self, setup: Setup, settings: Settings) -> None:
        ranks, groups = setup.topology.size, settings.mc_groups
        if ranks % groups:
            raise UsageError(
                f"vogn: mc_groups = {groups} does not divide {ranks} ranks"
            )
        super().__init__(setup, RATE, ranks // groups)
        linear_only(self.net)
        self.net.step.by_example = True
        net, problem = self.net, setup.problem
        self.settings, line = settings, net.head.size
        self.mine = range(self.comm.rank // self.shares, settings.samples, groups)
        message = self.xp.zeros(line + 2 * net.weights.size, dtype=net.dtype)
        self.head, self.sums = message[:line], message[line:]
        self.g, self.h = self.sums.reshape(2, -1)
        self.reducer = Reducer(setup.topology, message, problem.allreduce)
        self.posterior = Posterior(
            self.xp, net.weights, settings, setup.data.train.size
        )
        self.memories = {
            "momentum": self.posterior.momentum,
            "curvature": self.posterior.curvature,
        }
        self._spent = {"compute_s": 0.0, "curvature_s": 0.0, "update_s": 0.0}

    def gradient(self, x: Array, targets: Array) -> None:
        """Sum gradients and their squares over samples, examples and ranks."""
        net, share = self.net, 1.0 / self.settings.samples
        self.sums.fill(0)
        self.head[LOSS], self.head[STOP] = 0.0, self.setup.stop()
        for sample in self.mine:
            began = time.perf_counter()
            key = (self.setup.problem.seed, TRAIN, net.step.number, sample)
            self.posterior.draw(net.weights, net.step.number, key)
            outputs = net.forward(x.copy())
            loss, delta = self.loss(self.xp, outputs, targets, net.step.total)
            net.backward(delta)
            self.head[LOSS] += share * loss
            done = time.perf_counter()
            self._spent["compute_s"] += done - began
            add_squares(net, self.h, share)
            net.gradients *= share
            self.g += net.gradients
            self._spent["curvature_s"] += time.perf_counter() - done
        self.reducer.finish()

    def update(self, rate: float, number: int) -> None:
        """Move the Gaussian; the net holds its mean between steps."""
        began = time.perf_counter()
        self.posterior.move(self.g, self.h, rate, number - 1)
        self.net.weights[...] = self.posterior.mean
        self._spent["update_s"] += time.perf_counter() - began

    def more(self) -> dict[str, Any]:
        """Return where the time of this rank went, and forget it."""
        spent, self._spent = self._spent, dict.fromkeys(self._spent, 0.0)
        return spent

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        super().restore(state)
        self.posterior.mean[...] = self.net.weights

    def predict(self, rows: Array) -> Array:
        """Return the mean of the predictions of `test_samples` samples."""
        net, count = self.net, self.settings.test_samples
        if not count:
            return super().predict(rows)
        total = 0.0
        for sample in range(count):
            key = (self.setup.problem.seed, TEST, net.step.number, sample)
            self.posterior.draw(net.weights, net.step.number, key)
            total = total + softmax(self.xp, self.outputs(rows).copy())
        net.weights[...] = self.posterior.mean
        return total / count
