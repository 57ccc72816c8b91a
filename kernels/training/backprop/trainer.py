"""Backpropagation as a trainer: data parallel, any optimiser, any allreduce.

each step   my rows of the global batch -> forward -> loss -> backward
            gradients, loss and the wish to stop: one vector, summed by buckets
            optimiser on the sum, the same on every rank

batch 1 is online, the whole set is batch learning, between them mini-batches.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from tenbin import device
from tenbin.kernels.training import nets
from tenbin.kernels.training.backprop.feed import Feed
from tenbin.kernels.training.backprop.penalty import Penalty
from tenbin.kernels.training.backprop.reduce import Reducer
from tenbin.kernels.training.data import order
from tenbin.kernels.training.layers.layer import Array
from tenbin.kernels.training.layers.network import Network
from tenbin.kernels.training.losses import LOSSES
from tenbin.kernels.training.optimisers import Optimiser, Stepper
from tenbin.kernels.training.schedules import SCHEDULES
from tenbin.kernels.training.trainer import Diverged, Progress, Setup, State, Stopped

LOSS, STOP = range(2)  # places in the head of the message


class Backprop:
    """One run of backpropagation on this rank."""

    def __init__(self, setup: Setup, optimiser: Optimiser) -> None:
        if setup.on_device:
            device.use(setup.topology.local_rank)
        problem, train = setup.problem, setup.data.train
        self.setup, self.xp = setup, device.arrays(setup.on_device)
        self.comm = setup.topology.world.Dup()
        local = -(-min(problem.batch, train.size) // self.comm.size)
        self.net = Network(
            nets.layers(problem, setup.data.classes),
            train.shape,
            local,
            setup.dtype,
            self.xp,
            problem.seed,
        )
        self.net.step.sum_over_ranks = self._sum
        weights, gradients = self.net.weights, self.net.gradients
        self.update = Stepper(optimiser, self.xp, weights, gradients)
        self.reducer = Reducer(setup.topology, self.net.message, problem.allreduce)
        self.rate = problem.rate or optimiser.rate
        self.loss = LOSSES[problem.loss]
        self.schedule = SCHEDULES[problem.schedule]
        self.penalty = Penalty(self.net, problem.l1, problem.l2)
        self.feed = Feed(self.xp, setup.data, local, setup.dtype)
        self.steps = order.steps(train.size, problem.batch)
        self._done = 0  # steps of this epoch, from a checkpoint
        self._loss_sum = 0.0

    @property
    def details(self) -> Mapping[str, Any]:
        """Return what really runs."""
        return {
            "parameters": sum(part.stop - part.start for part in self.net.parts),
            "message_bytes": int(self.net.message.nbytes),
            "buckets": self.reducer.buckets,
            "steps_per_epoch": self.steps,
            "rate": self.rate,
            "array_module": self.xp.__name__,
        }

    def epoch(self, number: int) -> Progress:
        """Train on every sample once, in an order of this epoch's own."""
        problem, size = self.setup.problem, self.setup.data.train.size
        shuffled = order.permutation(size, problem.seed, number)
        for batch in order.batches(shuffled, problem.batch, self._done):
            loss = self._one(batch, number)
            self._done += 1
            self._loss_sum += loss * len(batch)
            self.setup.report(number, self._done, self.steps)
            if float(self.net.head[STOP]) > 0:
                raise Stopped
        mean, self._done, self._loss_sum = self._loss_sum / size, 0, 0.0
        return Progress(mean, *self.reducer.take_times())

    def _one(self, batch: order.Indices, epoch: int) -> float:
        """Take one step on a global batch; return its mean loss."""
        net, step = self.net, self.net.step
        step.total = len(batch)
        step.rows = order.part(len(batch), self.comm.size, self.comm.rank)
        x, targets = self.feed(batch[step.rows.start : step.rows.stop])
        loss, delta = self.loss(self.xp, net.forward(x), targets, len(batch))
        net.head[LOSS], net.head[STOP] = loss, self.setup.stop()
        net.backward(delta, self.reducer.ready)
        self.reducer.finish()
        whole = float(net.head[LOSS])
        if not np.isfinite(whole):
            raise Diverged(epoch, self._done + 1, whole)
        self.penalty()
        step.number += 1
        steps = self.steps * self.setup.problem.epochs
        rate = self.rate * self.schedule((step.number - 1) / steps)
        self.update(rate, step.number)
        return whole

    def classify(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Return the class with the largest output, batch by batch."""
        found = np.empty(len(rows), dtype=np.uint8)
        for start in range(0, len(rows), self.net.batch):
            some = slice(start, start + self.net.batch)
            outputs = self.net.forward(self.feed.pixels(rows[some]), training=False)
            found[some] = device.to_host(outputs.argmax(axis=-1))
        return found

    def replicated(self) -> NDArray[Any]:
        """Return the weights."""
        return np.asarray(device.to_host(self.net.weights))

    def state(self) -> State:
        """Return weights, memories, buffers and counters."""
        counters = np.array([self.net.step.number, self._done, self._loss_sum])
        arrays = {"weights": self.net.weights, "slots": self.update.slots}
        state = {**arrays, **self.net.buffers()}
        copied = {name: np.array(device.to_host(a)) for name, a in state.items()}
        return {**copied, "counters": counters}

    def restore(self, state: State) -> None:
        """Go on from a state."""
        number, done, self._loss_sum = state["counters"].tolist()
        self.net.step.number, self._done = int(number), int(done)
        self.net.weights[...] = self.xp.asarray(state["weights"])
        self.update.slots[...] = self.xp.asarray(state["slots"])
        for name, array in self.net.buffers().items():
            array[...] = self.xp.asarray(state[name])

    def release(self) -> None:
        """End the communication."""
        self.reducer.release()
        self.comm.Free()

    def _sum(self, array: Array) -> None:
        """Sum a small array over the ranks in place, for the layers."""
        if self.comm.size > 1:
            host = device.to_host(array)
            self.comm.Allreduce(MPI.IN_PLACE, host, op=MPI.SUM)
            if host is not array:
                array[...] = self.xp.asarray(host)
