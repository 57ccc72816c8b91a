"""What tells whether writers are told apart: by cell, by kind of pair, by threshold."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.training.metrics.detection import roc
from tenbin.kernels.training.uncertainty import POINTS

Floats = NDArray[np.floating[Any]]


def judge(same: Floats, cells: NDArray[Any], writers: int) -> dict[str, Any]:
    """Return the matrix of right answers, recalls, ROC and equal error rate.

    `same` (n,) is the probability that a pair is by one writer, `cells` (n,) its place
    in the matrix: the diagonal holds same-writer pairs judged same, the rest pairs of
    two writers judged different.
    """
    by_one = cells // writers == cells % writers
    right = (same > 0.5) == by_one
    counts = np.bincount(cells, minlength=writers**2)
    shares = np.bincount(cells, right, writers**2) / np.maximum(counts, 1)
    recalls = float(right[by_one].mean()), float(right[~by_one].mean())
    curve = roc(same[by_one], same[~by_one])
    grid = np.linspace(0.0, 1.0, POINTS)
    return {
        "matrix": shares.reshape(writers, writers).round(4).tolist(),
        "same_recall": recalls[0],
        "different_recall": recalls[1],
        "balanced_accuracy": sum(recalls) / 2,
        "auroc": curve.area,
        "equal_error": curve.equal_error,
        "tpr": np.interp(grid, curve.fpr, curve.tpr).round(5).tolist(),
    }
