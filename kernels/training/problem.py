"""TrainingProblem: a net, a data set and how long; and the axes of a study."""

from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Any

import msgspec

from tenbin.axes import swept
from tenbin.case import Work
from tenbin.errors import UsageError, unknown
from tenbin.kernels.training.data import DATASETS, default
from tenbin.kernels.training.losses import LOSSES
from tenbin.kernels.training.schedules import SCHEDULES

ALWAYS = ("dataset", "net", "batch", "epochs")


@dataclass(frozen=True)
class TrainingProblem:
    """Train `net` on `dataset` for some epochs; one repetition is one epoch.

    `net` is the sizes of its hidden layers, `"1000-500"`, or the name of a net. `batch`
    is global: the ranks share it. `rate` 0 is the variant's own learning rate,
    `samples` 0 the whole training set. `allreduce` names the algorithm that sums over
    the ranks. `settings` are those of the variant alone, `"damping=1e-3, t_stats=10"`;
    it ignores what else does not apply to it. Raises UsageError with the key.

    >>> TrainingProblem("mnist", "1000-500", rate=0.1).label
    'mnist-net1000-500-batch128-epochs10-rate0.1'
    """

    dataset: str
    net: str = "1000-500"
    batch: int = 128
    epochs: int = 10
    seed: int = 1
    rate: float = 0.0
    schedule: str = "constant"
    samples: int = 0
    allreduce: str = "library"
    activation: str = "relu"
    loss: str = "cross-entropy"
    dropout: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    normalise: bool = False
    settings: str = ""

    def __post_init__(self) -> None:
        if self.dataset not in DATASETS:
            raise unknown("data set", self.dataset, DATASETS)
        if self.loss not in LOSSES:
            raise unknown("loss", self.loss, LOSSES)
        if self.schedule not in SCHEDULES:
            raise unknown("schedule", self.schedule, SCHEDULES)
        for key, least in (("batch", 1), ("epochs", 1), ("seed", 0), ("samples", 0)):
            if getattr(self, key) < least:
                value = getattr(self, key)
                raise UsageError(f"training: {key} = {value}; at least {least}")
        for key in ("rate", "l1", "l2", "dropout"):
            if not 0.0 <= getattr(self, key) < float("inf"):
                raise UsageError(f"training: {key} = {getattr(self, key)} is negative")
        if self.dropout >= 1.0:
            raise UsageError(f"training: dropout = {self.dropout}; below 1")

    @property
    def label(self) -> str:
        """Return the data set, the sizes, and what is not as usual."""
        usual = {field.name: field.default for field in fields(self)}
        told = [self.dataset]
        for key, normal in usual.items():
            value = getattr(self, key)
            if key != "dataset" and (key in ALWAYS or value != normal):
                told.append(f"{key}{value:g}" if _number(value) else f"{key}{value}")
        return "-".join(told).replace("/", "_").replace(" ", "")

    def work(self, dtype: str) -> Work:
        """Return nothing: what an epoch costs depends on the variant."""
        return Work()

    def times(self, factor: int) -> "TrainingProblem":
        """Return the problem with `factor` times the batch and the samples."""
        return replace(self, batch=self.batch * factor, samples=self.samples * factor)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class TrainingAxes(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The keys of a study: each one value, or a list to sweep.

    Without `dataset` it is MNIST where it is, else glyphs. `mc_groups` is short for the
    setting of that name; 0 leaves it alone.
    """

    dataset: str | list[str] = ""
    net: str | int | list[str | int] = "1000-500"
    batch: int | list[int] = 128
    epochs: int | list[int] = 10
    seed: int | list[int] = 1
    rate: float | list[float] = 0.0
    schedule: str | list[str] = "constant"
    samples: int | list[int] = 0
    allreduce: str | list[str] = "library"
    activation: str | list[str] = "relu"
    loss: str | list[str] = "cross-entropy"
    dropout: float | list[float] = 0.0
    l1: float | list[float] = 0.0
    l2: float | list[float] = 0.0
    normalise: bool | list[bool] = False
    settings: str | list[str] = ""
    mc_groups: int | list[int] = 0


def expand(axes: TrainingAxes) -> tuple[TrainingProblem, ...]:
    """Return every combination of the axes; raise UsageError for an empty list.

    >>> problems = expand(TrainingAxes(dataset="glyphs", net=[300, "100-50"]))
    >>> [problem.net for problem in problems]
    ['300', '100-50']
    """
    values = swept("training", axes)
    values["dataset"] = [name or default() for name in values["dataset"]]
    values["net"] = [str(net) for net in values["net"]]
    values["settings"] = [
        ", ".join(filter(None, (text, f"mc_groups={groups}" if groups else "")))
        for text, groups in product(values["settings"], values.pop("mc_groups"))
    ]
    points = product(*values.values())
    return tuple(TrainingProblem(*point) for point in points)
