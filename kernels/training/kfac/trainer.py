"""K-FAC over the ranks: the gradient by allreduce, the factors as `exchange` says.

every step          gradient, summed by buckets beside the backward pass
every t_stats       factors of the same pass, summed            A, G <- their averages
every t_inv         inverses by the owners of the layers        told to all
every step          W <- W - rate (A + ..)^-1 dW (G + ..)^-1     the same on all ranks

With the true Fisher matrix a step with factors has a second backward pass, from labels
that the model draws. (Martens and Grosse 2015, arXiv:1503.05671; distribution: Osawa et
al. 2019, arXiv:1811.12019.)
"""

from collections.abc import Callable, Mapping
from math import sqrt
from typing import Any

from tenbin.kernels.training.backprop.loop import LOSS, STOP, Loop
from tenbin.kernels.training.backprop.penalty import Penalty
from tenbin.kernels.training.backprop.reduce import Reducer
from tenbin.kernels.training.curvature.damping import inverse
from tenbin.kernels.training.curvature.kronecker import Kronecker
from tenbin.kernels.training.curvature.labels import LABELS
from tenbin.kernels.training.kfac.settings import Settings
from tenbin.kernels.training.layers.layer import Array
from tenbin.kernels.training.optimisers import OPTIMISERS, Stepper
from tenbin.kernels.training.streams import Stream
from tenbin.kernels.training.trainer import Setup, State

RATE = 0.01


class Kfac(Loop):
    """One run of K-FAC on this rank."""

    reducer: Reducer

    def __init__(self, setup: Setup, settings: Settings, shares: int = 0) -> None:
        super().__init__(setup, RATE, shares, settings)
        problem, net = setup.problem, self.net
        self.settings, self.head = settings, net.head
        self.damping = settings.damping
        self.reducer = Reducer(setup.topology, net.message, problem.allreduce)
        self.penalty = Penalty(net, problem.l1, problem.l2)
        self.factors = Kronecker(setup.topology, net, settings.form, problem.allreduce)
        self.inverses = self.factors.empty()
        optimiser = OPTIMISERS[settings.optimiser]
        self.stepper = Stepper(optimiser, self.xp, net.weights, net.gradients)
        self.memories = {
            "slots": self.stepper.slots,
            **self.factors.views("factor", self.factors.mean),
            **self.factors.views("inverse", self.inverses),
        }

    @property
    def measured(self) -> bool:
        """Return whether the step in flight has factors."""
        return self.net.step.number % self.settings.t_stats == 0

    def gradient(self, x: Array, targets: Array) -> None:
        """Sum the gradients and, when it is time, the factors."""
        self.backward(x, targets, ready=self.reducer.ready)
        self.finish()
        if self.measured:
            self.collect()

    def backward(
        self,
        x: Array,
        targets: Array,
        sample: int = 0,
        scale: float = 1.0,
        ready: Callable[[int], object] = lambda end: None,
    ) -> float:
        """Fill the gradients, and add the factors times `scale`; return the loss."""
        net, spent, fisher = self.net, self.spent, self.settings.fisher
        outputs = net.forward(x)
        if self.measured and fisher == "true":
            with spent("curvature"):
                self.measure_model(outputs.copy(), sample, scale)
        loss, delta = self.loss(self.xp, outputs, targets, net.step.total)
        self.head[LOSS], self.head[STOP] = loss, self.setup.stop()
        net.backward(delta, ready)
        if self.measured and fisher == "empirical":
            with spent("curvature"):
                self.factors.add(scale)
        return float(loss)

    def measure_model(
        self, outputs: Array, sample: int = 0, scale: float = 1.0
    ) -> None:
        """Add the factors of labels that the model draws from its outputs."""
        net, problem = self.net, self.setup.problem
        rng = Stream.FISHER.rng(problem.seed, net.step.number, sample)
        labels = LABELS[problem.loss](self.xp, outputs, net.step, rng)
        _, delta = self.loss(self.xp, outputs, labels, net.step.total)
        net.backward(delta)
        self.factors.add(scale)

    def collect(self) -> None:
        """Sum the fresh factors over the ranks into the averages."""
        with self.spent("communication"):
            self.factors.exchange.collect()
        with self.spent("curvature"):
            first = self.net.step.number == 0
            self.factors.average(1.0 if first else self.settings.fresh)

    def update(self, rate: float, number: int) -> None:
        """Step by the preconditioned gradient."""
        if (number - 1) % self.settings.t_inv == 0:
            self.renew()
        self.penalty()
        with self.spent("curvature"):
            slope = self.factors.precondition(self.inverses)
            self.net.gradients *= shortening(self.settings.clip, rate, slope)
        self.stepper(rate, number)

    def renew(self) -> None:
        """Invert the averages, each rank its own, and tell all of them."""
        with self.spent("inverse"):
            self.factors.make(inverse, self.damping, self.inverses)
        with self.spent("communication"):
            self.factors.exchange.spread(self.inverses)

    @property
    def details(self) -> Mapping[str, Any]:
        """Return what really runs: `factors_by` sums the factors."""
        return {**super().details, "factors_by": self.factors.exchange.summed_by}

    def state(self) -> State:
        """Return the state, factors from their owners among it. Collective."""
        self.factors.exchange.spread(self.factors.mean)
        return super().state()

    def release(self) -> None:
        """End the communication."""
        self.factors.exchange.release()
        super().release()


def shortening(clip: float, rate: float, slope: float) -> float:
    """Return the factor at most 1 that keeps rate^2 d^T F d, about 2 KL, within `clip`.

    `slope` is g^T d, of gradient and direction (Ba, Grosse and Martens 2017).
    """
    far = rate * rate * slope
    return sqrt(clip / far) if 0.0 < clip < far else 1.0
