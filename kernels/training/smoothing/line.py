"""Loss and accuracy on the straight line from the first weights through the last.

    w(t) = w_first + t (w_last - w_first)           t = 0 .. 1 .. 1.5

How flat a minimum is shows around t = 1 (Goodfellow, Vinyals and Saxe 2015,
arXiv:1412.6544). What batch normalisation has averaged stays that of the last weights.
"""

from typing import Any

import numpy as np
from mpi4py import MPI

from tenbin.kernels.training.data import Dataset
from tenbin.kernels.training.layers.layer import Array
from tenbin.kernels.training.metrics import calibration
from tenbin.kernels.training.uncertainty import Predictor, gather

FAR = 1.5
SIZE = 2000  # samples of each set that are predicted


def line(
    comm: MPI.Comm,
    predictor: Predictor,
    weights: Array,
    first: Array,
    data: Dataset,
    points: int,
) -> dict[str, Any]:
    """Return the columns of a curve in JSON types; the weights come back to the bit.

    `distance` is that of the last weights from the first. Collective.
    """
    last, shares = weights.copy(), np.linspace(0.0, FAR, points)
    sets = {"train": data.train.first(SIZE), "test": data.test.first(SIZE)}
    found: dict[str, Any] = {"share": shares.tolist()}
    found["distance"] = float(((last - first) ** 2).sum() ** 0.5)
    for share in shares:
        weights[...] = first + weights.dtype.type(share) * (last - first)
        for name, split in sets.items():
            told = gather(comm, predictor, split)
            loss = calibration.nll(told, split.labels)
            accuracy = calibration.accuracy(told, split.labels)
            found.setdefault(f"{name}_loss", []).append(loss)
            found.setdefault(f"{name}_accuracy", []).append(accuracy)
    weights[...] = last
    return found
