"""InferenceProblem: how many test images, and the training of the net before."""

from dataclasses import dataclass, replace
from itertools import product

import msgspec

from tenbin.axes import swept
from tenbin.case import Work
from tenbin.errors import UsageError, unknown
from tenbin.kernels.inference.lenet import LAYERS
from tenbin.kernels.training.data import DATASETS

STORED_BYTES = {"float16": 2, "bfloat16": 2, "float32": 4}


@dataclass(frozen=True)
class InferenceProblem:
    """LeNet-5 over `images` of a test set, `batch` at a time.

    It was trained on the first `samples` of the training set, `epochs` times. Raises
    UsageError, naming the key.

    >>> InferenceProblem().label
    'lenet5-mnist-10000-b100'
    """

    dataset: str = "mnist"
    samples: int = 8_000
    images: int = 10_000
    epochs: int = 2
    batch: int = 100
    seed: int = 1

    def __post_init__(self) -> None:
        for key in ("samples", "images", "epochs", "batch"):
            if getattr(self, key) < 1:
                raise UsageError(f"inference: {key} = {getattr(self, key)}; at least 1")
        if self.dataset not in DATASETS:
            raise unknown("data set", self.dataset, DATASETS)

    @property
    def label(self) -> str:
        """Return net, data set and images, and what differs from the usual."""
        parts = [f"lenet5-{self.dataset}-{self.images}-b{self.batch}"]
        usual = InferenceProblem()
        values = {key: getattr(self, key) for key in ("samples", "epochs", "seed")}
        parts += [f"{k}{v}" for k, v in values.items() if v != getattr(usual, k)]
        return "-".join(parts)

    def work(self, dtype: str) -> Work:
        """Return the flops of the products, and images and weights once."""
        flops = self.images * sum(layer.flops for layer in LAYERS)
        pixels = self.images * LAYERS[0].elements[0]
        weights = sum(layer.elements[1] for layer in LAYERS)
        return Work(flops, (pixels + weights) * STORED_BYTES[dtype])

    def times(self, factor: int) -> "InferenceProblem":
        """Return the problem with `factor` times the images."""
        return replace(self, images=self.images * factor)


class InferenceAxes(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The keys of a study: each one value, or a list to sweep."""

    dataset: str | list[str] = "mnist"
    samples: int | list[int] = 8_000
    images: int | list[int] = 10_000
    epochs: int | list[int] = 2
    batch: int | list[int] = 100
    seed: int | list[int] = 1


def expand(axes: InferenceAxes) -> tuple[InferenceProblem, ...]:
    """Return every combination of the axes; raise UsageError for an empty list."""
    points = product(*swept("inference", axes).values())
    return tuple(InferenceProblem(*point) for point in points)
