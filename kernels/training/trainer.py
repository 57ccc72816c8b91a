"""The contract of a training method: what the frame gives it and asks of it.

    Variant     an entry of the table: how to make a trainer
    Setup       what a trainer is made from
    Trainer     one training run on this rank
    Progress    what became of an epoch

The frame (`course`) times `epoch` and nothing else, measures the test error between
epochs, writes the history and the checkpoints.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from mpi4py import MPI
from numpy.typing import NDArray

from tenbin.errors import CaseFailed
from tenbin.kernels.training import settings
from tenbin.kernels.training.data import Dataset
from tenbin.kernels.training.data.together import load_together
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.topology import Topology

State = dict[str, NDArray[Any]]


class Diverged(CaseFailed):
    """The loss or the weights are no numbers any more; ends the case as failed."""

    def __init__(
        self, epoch: int, step: int, why: str = "weights are not finite"
    ) -> None:
        super().__init__(f"diverged: {why} in epoch {epoch}, step {step}")


class Stopped(Exception):
    """All ranks agreed to stop after a step; `state()` resumes right behind it."""


@dataclass(frozen=True)
class Setup:
    """What a trainer is made from; the same on all ranks but for the topology.

    Every rank holds the whole of `data` and works on its part of each batch
    (`data.order`). `stop()` says whether this rank was told to end: a trainer lets the
    ranks agree, then raises Stopped. `report(epoch, step, steps)` shows the progress.
    """

    problem: TrainingProblem
    dtype: str
    data: Dataset
    topology: Topology
    threads: int = 1
    on_device: bool = False
    stop: Callable[[], bool] = lambda: False
    report: Callable[[int, int, int], object] = lambda epoch, step, steps: None


@dataclass(frozen=True)
class Progress:
    """One epoch: its mean training loss, and where the time of this rank went.

    `comm_s` is what communication took, `wait_s` the part of it that nothing hid.
    `more` goes into the history as it is, in JSON types.
    """

    loss: float
    comm_s: float = 0.0
    wait_s: float = 0.0
    more: Mapping[str, Any] = field(default_factory=dict)


class Trainer(Protocol):
    """One training run; `epoch`, `state` and `restore` are collective."""

    @property
    def details(self) -> Mapping[str, Any]:
        """Return what really runs, in JSON types."""
        ...

    def epoch(self, number: int) -> Progress:
        """Train for one epoch (counted from 1), or for what a restored one lacks.

        Raises Diverged or Stopped on all ranks alike.
        """
        ...

    def classify(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Return the classes (n,) of byte images (n, pixels); not collective."""
        ...

    def replicated(self) -> NDArray[Any]:
        """Return, in host memory, what has to be the same on all ranks: the weights."""
        ...

    def state(self) -> State:
        """Return everything that `restore` needs, the same on all ranks."""
        ...

    def restore(self, state: State) -> None:
        """Go on from a state, on any number of ranks."""
        ...

    def release(self) -> None:
        """Free what is not memory."""
        ...


@runtime_checkable
class Concluding(Protocol):
    """A trainer that has more to tell once it is trained."""

    def conclude(self) -> Mapping[str, Any]:
        """Return it, in JSON types, for the details of the record; collective."""
        ...


@runtime_checkable
class Crowding(Protocol):
    """Settings that do not fit any number of ranks."""

    def crowd(self, ranks: int) -> str:
        """Return why not so many, or an empty string."""
        ...


def images(comm: MPI.Comm, problem: TrainingProblem, data_dir: str) -> Dataset:
    """Return the problem's data set, as it is; collective."""
    size = problem.samples
    return load_together(comm, problem.dataset, data_dir, size, problem.seed)


@dataclass(frozen=True)
class Variant:
    """One method: `make` builds its trainer; collective.

    `settings` is a frozen dataclass: what `problem.settings` can change. `misfit` says
    why a problem of some dtype can run nowhere (or raises UsageError). `data` reads
    what it trains on, from a folder of data sets; collective. Without `on_device` it is
    for the host alone.
    """

    make: Callable[[Setup], Trainer]
    settings: Any
    misfit: Callable[[TrainingProblem, str], str] = lambda problem, dtype: ""
    data: Callable[[MPI.Comm, TrainingProblem, str], Dataset] = images
    on_device: bool = True

    @property
    def digits(self) -> bool:
        """Return whether it learns the labels of a data set as they are."""
        return self.data is images

    def crowd(self, problem: TrainingProblem, ranks: int) -> str:
        """Return why its settings do not fit so many ranks, or an empty string."""
        asked = settings.read(problem.settings, self.settings)
        return asked.crowd(ranks) if isinstance(asked, Crowding) else ""
