"""Backpropagation as a trainer: data parallel, any optimiser, any allreduce.

each step   my rows of the global batch -> forward -> loss -> backward
            gradients, loss and the wish to stop: one vector, summed by buckets
            optimiser on the sum, the same on every rank

batch 1 is online, the whole set is batch learning, between them mini-batches.
"""

from tenbin.kernels.training.backprop.loop import LOSS, STOP, Loop
from tenbin.kernels.training.backprop.penalty import Penalty
from tenbin.kernels.training.backprop.reduce import Reducer
from tenbin.kernels.training.layers.layer import Array
from tenbin.kernels.training.optimisers import Optimiser, Stepper
from tenbin.kernels.training.smoothing.settings import PLAIN, Smoothing
from tenbin.kernels.training.trainer import Setup


class Backprop(Loop):
    """One run of backpropagation on this rank."""

    reducer: Reducer

    def __init__(
        self, setup: Setup, optimiser: Optimiser, smoothing: Smoothing = PLAIN
    ) -> None:
        super().__init__(setup, optimiser.rate, smoothing=smoothing)
        problem, net = setup.problem, self.net
        self.head = net.head
        self.reducer = Reducer(setup.topology, net.message, problem.allreduce)
        self.penalty = Penalty(net, problem.l1, problem.l2)
        self.stepper = Stepper(optimiser, self.xp, net.weights, net.gradients)
        self.memories = {"slots": self.stepper.slots}

    def gradient(self, x: Array, targets: Array) -> None:
        """Sum the gradients, bucket by bucket while the backward pass goes on."""
        net = self.net
        loss, delta = self.loss(self.xp, net.forward(x), targets, net.step.total)
        self.head[LOSS], self.head[STOP] = loss, self.setup.stop()
        net.backward(delta, self.reducer.ready)
        self.finish()

    def update(self, rate: float, number: int) -> None:
        """Add the penalties' gradient and let the optimiser step."""
        self.penalty()
        self.stepper(rate, number)
