"""Batches for the net: pixels 0..1 and one-hot targets, in memory that stays."""

from types import ModuleType

import numpy as np

from tenbin.kernels.training.data import Dataset
from tenbin.kernels.training.data.dataset import GREY, one_hot
from tenbin.kernels.training.data.order import Indices
from tenbin.kernels.training.layers.layer import Array


class Feed:
    """Picks samples of the training set, which lies whole where the net does."""

    def __init__(self, xp: ModuleType, data: Dataset, batch: int, dtype: str) -> None:
        train = data.train
        self.xp, self.shape = xp, train.shape
        self._rows = xp.asarray(train.rows)
        targets = one_hot(np.arange(data.classes, dtype=np.uint8), data.classes, dtype)
        self._targets = xp.asarray(targets)[xp.asarray(train.labels)]
        self._x = xp.empty((batch, self._rows.shape[1]), dtype=dtype)
        self._scale = self._x.dtype.type(1.0 / GREY)

    def __call__(self, indices: Indices) -> tuple[Array, Array]:
        """Return images (n, height, width, channels) and targets (n, classes)."""
        chosen = self.xp.asarray(indices)
        return self.pixels(self._rows[chosen]), self._targets[chosen]

    def pixels(self, rows: Array) -> Array:
        """Return byte images (n, pixels) as 0..1; the next call overwrites them."""
        x = self._x[: len(rows)]
        self.xp.multiply(self.xp.asarray(rows), self._scale, out=x)
        return x.reshape(len(rows), *self.shape)
