"""Semi-NMF as a training method of the frame."""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.training.data.dataset import one_hot
from tenbin.kernels.training.data.order import batches, mine, part, permutation, steps
from tenbin.kernels.training.semi_nmf.data_factor import DataFactor, data_factor
from tenbin.kernels.training.semi_nmf.network import Network, predict
from tenbin.kernels.training.semi_nmf.settings import Settings
from tenbin.kernels.training.semi_nmf.solver import Solver
from tenbin.kernels.training.semi_nmf.start import pretrained, random_network
from tenbin.kernels.training.semi_nmf.sweep import sweep
from tenbin.kernels.training.trainer import Diverged, Progress, Setup, State, Stopped

Array = NDArray[Any]


class SemiNmf:
    """One training run.

    The data are factorised and the network is pre-trained when the first epoch begins,
    in its time; `pretrain_s` in its history says how much of it that was.
    """

    def __init__(
        self, setup: Setup, hidden: tuple[int, ...], settings: Settings, solver: Solver
    ) -> None:
        self.setup, self.settings, self.solver = setup, settings, solver
        self.hidden, self.classes = hidden, setup.data.classes
        self.train, self.seed = setup.data.train, setup.problem.seed
        self.network: Network | None = None
        self.data: DataFactor | None = None
        self.done = (0, 0)  # epoch, and steps of it
        self.totals = np.zeros(2)  # of this epoch: squared residuals, wrong classes

    @property
    def details(self) -> Mapping[str, Any]:
        """Return what really runs."""
        bulk, factor = self.solver.precision.bulk, self.solver.precision.factor
        return {
            "bulk": bulk,
            "factor": factor,
            "w_steps": self.settings.w_steps,
            "z_steps": self.settings.z_steps,
            "allreduce": self.setup.problem.allreduce,
        }

    def epoch(self, number: int) -> Progress:
        """Sweep over every mini-batch once, or over those that are left."""
        sums = self.solver.sums
        sums.spent.take()  # what a restored factor took is of no epoch
        with sums.spent("compute"):
            loss, more = self._sweeps(number)
        parts = sums.spent.take()
        spent_s = parts["communication_s"]
        return Progress(loss, spent_s, spent_s, {**more, **parts})

    def _sweeps(self, number: int) -> tuple[float, dict[str, Any]]:
        """Return the mean loss of an epoch, and what else there is to tell."""
        sums, began = self.solver.sums, perf_counter()
        network, data = self._ready()
        pretrain_s = perf_counter() - began
        calls, summed_bytes = sums.calls, sums.message_bytes
        order = permutation(self.train.size, self.seed, number)
        first = self.done[1] if self.done[0] == number else 0
        batch_size = self.setup.problem.batch
        count = steps(self.train.size, batch_size)
        pieces = batches(order, batch_size, first)
        for step, batch in enumerate(pieces, first + 1):
            self._step(network, data, batch, number, step)
            self.done = (number, step)
            self.setup.report(number, step, count)
            if sums.any("stop", self.setup.stop()):
                raise Stopped
        loss, wrong = self._finish()
        return loss, {
            "train_error": wrong,
            "pretrain_s": pretrain_s,
            "allreduces": sums.calls - calls,
            "summed_bytes": sums.message_bytes - summed_bytes,
            "rank": len(data.basis.decode),
        }

    def classify(self, rows: Array) -> Array:
        """Return the classes (n,) of byte images (n, pixels)."""
        network, data = self._ready()
        v = data.coordinates(rows, self.solver.precision.bulk)
        found = predict(network, v, self.solver.arena).argmax(axis=1)
        return np.asarray(found)

    def replicated(self) -> Array:
        """Return all weights, one after the other."""
        return np.concatenate([w.ravel() for w in self._ready()[0].weights])

    def state(self) -> State:
        """Return the weights and how far the epoch has come; collective."""
        kept = {f"weights{i}": w for i, w in enumerate(self._ready()[0].weights)}
        kept |= {f"gram{i}": whole for i, whole in self.solver.memory.grams.items()}
        return {**kept, "done": np.array(self.done), "totals": self._summed()}

    def restore(self, state: State) -> None:
        """Go on from a state."""
        data = self._factorise()
        weights = [state[f"weights{i}"] for i in range(len(self.hidden) + 1)]
        self.network = Network(weights, data.ones)
        self.solver.memory.grams = {
            int(key.removeprefix("gram")): whole
            for key, whole in state.items()
            if key.startswith("gram")
        }
        epoch, step = state["done"]
        self.done = (int(epoch), int(step))
        self.totals = state["totals"] * float(self.solver.share[1] == 0)

    def release(self) -> None:
        """Free the plans of the sums."""
        self.solver.sums.release()

    def _ready(self) -> tuple[Network, DataFactor]:
        if self.network is None or self.data is None:
            data = self._factorise()
            shared = (data, self.settings, self.solver, self.seed)
            if self.settings.pretrain:
                net = pretrained(self.train, self.classes, self.hidden, *shared)
            else:
                net = random_network(self.hidden, self.classes, *shared)
            self.network = net
        assert self.data is not None
        return self.network, self.data

    def _factorise(self) -> DataFactor:
        """Factorise the samples of all ranks; take every sample's coordinates."""
        settings, bulk = self.settings, self.solver.precision.bulk
        own = part(self.train.size, *self.solver.share)
        rows = self.train.rows
        self.data = data_factor(
            rows[own.start : own.stop],
            *(settings.delta, settings.alpha, settings.bias, self.solver.sums),
        )
        self.v = self.data.coordinates(rows, bulk)
        self.y = one_hot(self.train.labels, self.classes, bulk)
        return self.data

    def _step(
        self, network: Network, data: DataFactor, batch: Array, epoch: int, step: int
    ) -> None:
        own = mine(batch, *self.solver.share)
        y, shrink = self.y[own], data.basis.shrink
        try:
            with np.errstate(all="ignore"):  # what is no number ends the run
                outputs = sweep(
                    network, self.v[own], y, shrink, self.settings, self.solver
                )
        except np.linalg.LinAlgError:  # on all ranks: their Gram matrices are the same
            raise Diverged(epoch, step, "a Gram matrix is not finite") from None
        if not all(np.isfinite(w).all() for w in network.weights):  # the same, too
            raise Diverged(epoch, step)
        wrong = np.count_nonzero(outputs.argmax(axis=1) != self.train.labels[own])
        outputs -= y
        self.totals += [float(np.vdot(outputs, outputs)), float(wrong)]

    def _finish(self) -> tuple[float, float]:
        """Return mean squared residual and error over the samples of all ranks."""
        loss, wrong = self._summed() / self.train.size
        self.totals = np.zeros_like(self.totals)
        return float(loss), float(wrong)

    def _summed(self) -> Array:
        whole = np.zeros_like(self.totals)
        with self.solver.sums.spent("communication"):
            self.setup.topology.world.Allreduce(self.totals, whole)
        return whole
