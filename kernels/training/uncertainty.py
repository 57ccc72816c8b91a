"""What a trained method knows of its own doubt, in JSON types, for the record.

right or wrong     NLL, ECE, and whether confidence tells the right from the wrong
in or out          whether entropy tells the test set from what is no digit at all
"""

from functools import cache
from typing import Any, Protocol

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from tenbin.kernels.training.data import Dataset, Split
from tenbin.kernels.training.data.glyphs import LETTERS, glyphs
from tenbin.kernels.training.data.order import part
from tenbin.kernels.training.metrics import calibration
from tenbin.kernels.training.metrics.detection import Roc, roc
from tenbin.kernels.training.metrics.entropy import entropy

OUT_SIZE, OUT_SHAPE = 2000, (28, 28, 1)
POINTS = 101  # of a curve in a record
ENTROPY_BINS = 20

Floats = NDArray[np.floating[Any]]


class Predictor(Protocol):
    """Anything that turns byte images (n, pixels) into probabilities (n, classes)."""

    def probabilities(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Return the probabilities; not collective."""
        ...


def uncertainty(comm: MPI.Comm, predictor: Predictor, data: Dataset) -> dict[str, Any]:
    """Return accuracy, NLL, ECE, reliability, detection of errors and of outsiders.

    Letters are out of distribution for sets of their shape. Collective.
    """
    told, labels = gather(comm, predictor, data.test), data.test.labels
    found: dict[str, Any] = {
        "accuracy": calibration.accuracy(told, labels),
        "nll": calibration.nll(told, labels),
        "ece": calibration.ece(told, labels),
        "ece_bins": calibration.BINS,
        "reliability": _reliability(told, labels),
    }
    right = told.argmax(axis=1) == labels
    if 0 < right.sum() < len(right):
        confidence = told.max(axis=1)
        found["errors"] = _detection(roc(confidence[right], confidence[~right]))
    if data.test.shape == OUT_SHAPE:
        outside = outsiders(min(OUT_SIZE, data.test.size))
        doubt_out = entropy(gather(comm, predictor, outside))
        doubt_in = entropy(told)
        found["outside"] = {
            "set": "letters",
            **_detection(roc(doubt_out, doubt_in)),
            **_histograms(doubt_in, doubt_out, told.shape[1]),
        }
    return found


@cache
def outsiders(count: int) -> Split:
    """Return so many letters, drawn once in a process."""
    return glyphs(LETTERS, train=1, test=count).test


def gather(comm: MPI.Comm, predictor: Predictor, split: Split) -> Floats:
    """Return the probabilities of a whole split on every rank."""
    own = part(split.size, comm.size, comm.rank)
    mine = [predictor.probabilities(split.rows[own.start : own.stop])] if own else []
    return np.concatenate(
        [piece for pieces in comm.allgather(mine) for piece in pieces]
    )


def _detection(curve: Roc) -> dict[str, Any]:
    grid = np.linspace(0.0, 1.0, POINTS)
    return {
        "auroc": curve.area,
        "fpr_at_95": curve.fpr_at(0.95),
        "tpr": np.interp(grid, curve.fpr, curve.tpr).round(5).tolist(),
    }


def _reliability(told: Floats, labels: NDArray[Any]) -> list[list[float]]:
    """Return count, confidence and accuracy of the bins that hold samples."""
    bins = calibration.reliability(told, labels)
    rows = zip(bins.count, bins.confidence, bins.accuracy, strict=True)
    return [[float(value) for value in row] for row in rows if row[0]]


def _histograms(inside: Floats, outside: Floats, classes: int) -> dict[str, Any]:
    """Return the shares of samples by entropy, from 0 to that of knowing nothing."""
    edges = np.linspace(0.0, np.log(classes), ENTROPY_BINS + 1)
    sides = {"entropy_in": inside, "entropy_out": outside}
    shares = {
        name: (np.histogram(values, edges)[0] / len(values)).tolist()
        for name, values in sides.items()
    }
    return {"entropy_edges": edges.tolist(), **shares}
