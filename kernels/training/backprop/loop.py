"""Loop: what all methods share that step a net by batches.

each step   my rows of the global batch -> gradient -> checked loss -> update
            ^ Loop                         ^ method    ^ Loop          ^ method

A method fills `self.head`, the front of the vector that it sums over the ranks, with
its loss and the wish to stop, so that both come with the sum of the gradients.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from tenbin import device
from tenbin.kernels.training import nets
from tenbin.kernels.training.backprop.feed import Feed
from tenbin.kernels.training.backprop.reduce import Summing
from tenbin.kernels.training.data import order
from tenbin.kernels.training.layers.layer import Array, Layer
from tenbin.kernels.training.layers.network import Network
from tenbin.kernels.training.layers.softmax import softmax
from tenbin.kernels.training.losses import LOSSES
from tenbin.kernels.training.schedules import SCHEDULES
from tenbin.kernels.training.smoothing.line import line
from tenbin.kernels.training.smoothing.settings import PLAIN, Smoothing
from tenbin.kernels.training.smoothing.smoother import Smoother
from tenbin.kernels.training.spent import PARTS, Spent
from tenbin.kernels.training.trainer import Diverged, Progress, Setup, State, Stopped
from tenbin.kernels.training.uncertainty import uncertainty

LOSS, STOP = range(2)  # places in the head of the message


class Loop(ABC):
    """One run on this rank; `shares` of the ranks split each batch, others repeat it.

    A method sets `reducer`, over a vector that `head` is the front of, and `memories`,
    the arrays that a checkpoint keeps besides weights and buffers. What it does not
    count as another of PARTS is `compute`; sums over the ranks that are hidden behind
    it are no part.
    """

    head: Array
    reducer: Summing

    def __init__(
        self,
        setup: Setup,
        rate: float,
        shares: int = 0,
        smoothing: Smoothing = PLAIN,
    ) -> None:
        if setup.on_device:
            device.use(setup.topology.local_rank)
        problem, train = setup.problem, setup.data.train
        self.spent = Spent(*PARTS)
        self.setup, self.xp = setup, device.arrays(setup.on_device)
        self.comm = setup.topology.world.Dup()
        self.shares = shares or self.comm.size
        local = -(-min(problem.batch, train.size) // self.shares)
        self.net = Network(
            self.layers(),
            train.shape,
            local,
            setup.dtype,
            self.xp,
            problem.seed,
        )
        self.net.step.sum_over_ranks = self._sum
        self.rate = problem.rate or rate
        self.loss = LOSSES[problem.loss]
        self.schedule = SCHEDULES[problem.schedule]
        self.feed = Feed(self.xp, setup.data, local, setup.dtype)
        self.first = self.net.weights.copy() if smoothing.line else self.net.weights
        self.smoother = Smoother(smoothing, self.net, problem.seed)
        self.steps = order.steps(train.size, problem.batch)
        self.memories: dict[str, Array] = {}
        self._done = 0  # steps of this epoch, from a checkpoint
        self._loss_sum = 0.0

    @abstractmethod
    def gradient(self, x: Array, targets: Array) -> None:
        """Sum over the ranks what the step needs; leave the loss in the head."""

    @abstractmethod
    def update(self, rate: float, number: int) -> None:
        """Move the weights, the same on all ranks; steps count from 1."""

    def layers(self) -> list[Layer]:
        """Return the layers of the net."""
        return nets.layers(self.setup.problem, self.setup.data.classes)

    def conclude(self) -> dict[str, Any]:
        """Return what the method knows of its own doubt, and of its minimum."""
        found = {"uncertainty": uncertainty(self.comm, self, self.setup.data)}
        if points := self.smoother.settings.line:
            ends = self.net.weights, self.first
            found["line"] = line(self.comm, self, *ends, self.setup.data, points)
        return found

    @property
    def details(self) -> Mapping[str, Any]:
        """Return what really runs."""
        return {
            "parameters": sum(part.stop - part.start for part in self.net.parts),
            "message_bytes": self.reducer.message_bytes,
            "buckets": self.reducer.buckets,
            "steps_per_epoch": self.steps,
            "rate": self.rate,
            "array_module": self.xp.__name__,
        }

    @np.errstate(all="ignore")  # what is no number ends the run
    def epoch(self, number: int) -> Progress:
        """Train on every sample once, in an order of this epoch's own."""
        problem, size = self.setup.problem, self.setup.data.train.size
        shuffled = order.permutation(size, problem.seed, number)
        for batch in order.batches(shuffled, problem.batch, self._done):
            with self.spent("compute"):
                loss = self._one(batch, number)
            self._done += 1
            self._loss_sum += loss * len(batch)
            self.setup.report(number, self._done, self.steps)
            if float(self.head[STOP]) > 0:
                raise Stopped
        if not self.xp.isfinite(self.net.weights).all():  # the last step's own
            raise Diverged(number, self._done)
        mean, self._done, self._loss_sum = self._loss_sum / size, 0, 0.0
        return Progress(mean, *self._communication(), self.spent.take())

    def finish(self) -> None:
        """Wait until the message is summed."""
        with self.spent("communication"):
            self.reducer.finish()

    def _communication(self) -> tuple[float, float]:
        """Return the seconds of communication, and of waiting for it, since last."""
        summing_s, waited_s = self.reducer.take_times()
        exposed_s = self.spent.seconds("communication")
        return max(0.0, summing_s - waited_s) + exposed_s, exposed_s

    def _one(self, batch: order.Indices, epoch: int) -> float:
        """Take one step on a global batch; return its mean loss."""
        step = self.net.step
        step.total = len(batch)
        step.rows = order.part(len(batch), self.shares, self.comm.rank % self.shares)
        x, targets = self.smoother.samples(self.feed, batch)
        with self.smoother.shifted():
            self.gradient(x, targets)
        whole = float(self.head[LOSS])
        if not np.isfinite(whole):
            raise Diverged(epoch, self._done + 1, f"loss is {whole}")
        step.number += 1
        steps = self.steps * self.setup.problem.epochs
        self.update(self.rate * self.schedule((step.number - 1) / steps), step.number)
        return whole

    def outputs(self, rows: NDArray[Any], training: bool = False) -> Array:
        """Return the outputs (n, classes) of at most a batch of byte images."""
        return self.net.forward(self.feed.pixels(rows), training)

    def predict(self, rows: NDArray[Any]) -> Array:
        """Return the probabilities (n, classes) of at most a batch of byte images."""
        return softmax(self.xp, self.outputs(rows).copy())

    def classify(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Return the class with the largest output, batch by batch."""
        found = np.empty(len(rows), dtype=np.uint8)
        for some in self._pieces(len(rows)):
            found[some] = device.to_host(self.outputs(rows[some]).argmax(axis=-1))
        return found

    def probabilities(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Return what the method predicts, (n, classes), in host memory."""
        told = [device.to_host(self.predict(rows[p])) for p in self._pieces(len(rows))]
        return np.concatenate(told)

    def _pieces(self, count: int) -> list[slice]:
        starts = range(0, count, self.net.batch)
        return [slice(start, start + self.net.batch) for start in starts]

    def replicated(self) -> NDArray[Any]:
        """Return the weights."""
        return np.asarray(device.to_host(self.net.weights))

    def state(self) -> State:
        """Return weights, memories, buffers and counters."""
        counters = np.array([self.net.step.number, self._done, self._loss_sum])
        kept = self._kept()
        copied = {name: np.array(device.to_host(a)) for name, a in kept.items()}
        return {**copied, "counters": counters}

    def restore(self, state: State) -> None:
        """Go on from a state."""
        number, done, self._loss_sum = state["counters"].tolist()
        self.net.step.number, self._done = int(number), int(done)
        for name, array in self._kept().items():
            array[...] = self.xp.asarray(state[name])

    def _kept(self) -> dict[str, Array]:
        return {"weights": self.net.weights, **self.memories, **self.net.buffers()}

    def release(self) -> None:
        """End the communication."""
        self.reducer.release()
        self.comm.Free()

    def _sum(self, array: Array) -> None:
        """Sum a small array over the ranks in place, for the layers."""
        if self.comm.size > 1:
            host = device.to_host(array)
            with self.spent("communication"):
                self.comm.Allreduce(MPI.IN_PLACE, host, op=MPI.SUM)
            if host is not array:
                array[...] = self.xp.asarray(host)
