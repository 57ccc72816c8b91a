"""Dataset: what every reader returns; samples are rows, pixels are bytes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.errors import UsageError

Images = NDArray[np.uint8]
Labels = NDArray[np.uint8]
GREY = 255.0


@dataclass(frozen=True, eq=False)
class Split:
    """Images (n, height, width, channels) and their labels (n,).

    `styles` (n,) says who drew a sample, where that is known: a writer or a font.
    """

    images: Images
    labels: Labels
    styles: NDArray[np.int32] | None = None

    def __post_init__(self) -> None:
        if len(self.images) != len(self.labels):
            raise UsageError(
                f"{len(self.images)} images, but {len(self.labels)} labels"
            )

    @property
    def size(self) -> int:
        """Return the number of samples."""
        return len(self.labels)

    @property
    def shape(self) -> tuple[int, ...]:
        """Return height, width and channels of an image."""
        return self.images.shape[1:]

    @property
    def rows(self) -> Images:
        """Return the images as rows (n, pixels), a view; `.T` has them as columns."""
        return self.images.reshape(self.size, -1)

    def first(self, count: int) -> "Split":
        """Return the first `count` samples; all of them for 0."""
        kept = slice(count or None)
        styles = None if self.styles is None else self.styles[kept]
        return Split(self.images[kept], self.labels[kept], styles)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training and a test split with labels 0 .. classes - 1."""

    name: str
    train: Split
    test: Split
    classes: int = 10

    def __post_init__(self) -> None:
        for role, split in (("training", self.train), ("test", self.test)):
            if not split.images.size:
                shape = " x ".join(map(str, split.images.shape))
                raise UsageError(f"{self.name}: no {role} images, but {shape} bytes")
            if int(split.labels.max()) >= self.classes:
                worst = int(split.labels.max())
                raise UsageError(
                    f"{self.name}: label {worst}, but there are {self.classes} classes"
                )
        if self.train.shape != self.test.shape:
            shapes = f"{self.train.shape} and {self.test.shape}"
            raise UsageError(f"{self.name}: training and test images differ: {shapes}")


def unit_pixels(images: NDArray[Any], out: NDArray[Any]) -> NDArray[Any]:
    """Write pixels 0..255 as 0..1 into `out`; return it."""
    np.multiply(images, out.dtype.type(1.0 / GREY), out=out, casting="unsafe")
    return out


def one_hot(labels: Labels, classes: int, dtype: Any) -> NDArray[Any]:
    """Return (n, classes) rows with a 1 at the label."""
    rows = np.zeros((len(labels), classes), dtype=dtype)
    rows[np.arange(len(labels)), labels] = 1
    return rows
