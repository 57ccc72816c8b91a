"""Telling positives from negatives by a score: larger means positive.

    threshold falls ->   TPR = share of positives above it
                         FPR = share of negatives above it

Equal scores pass the threshold together, so that no order of the samples matters.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Roc:
    """False and true positive rates, from (0, 0) to (1, 1)."""

    fpr: NDArray[np.float64]
    tpr: NDArray[np.float64]

    @property
    def area(self) -> float:
        """Return the AUROC: how likely a positive scores above a negative."""
        height = (self.tpr[1:] + self.tpr[:-1]) / 2
        return float(np.sum(np.diff(self.fpr) * height))

    def fpr_at(self, tpr: float = 0.95) -> float:
        """Return the smallest FPR with at least that TPR."""
        return float(self.fpr[np.argmax(self.tpr >= tpr)])

    @property
    def equal_error(self) -> float:
        """Return the rate at which as many negatives pass as positives fail."""
        miss = 1.0 - self.tpr
        after = int(np.argmax(self.fpr >= miss))
        if after == 0:
            return float(self.fpr[0])
        before = after - 1
        gap = miss[before] - self.fpr[before]
        closed = gap + self.fpr[after] - miss[after]
        step = gap / closed if closed else 0.0
        found = self.fpr[before] + step * (self.fpr[after] - self.fpr[before])
        return float(found)


def roc(positive: Scores, negative: Scores) -> Roc:
    """Return the ROC of the scores of positives and negatives; raise if one is none.

    >>> roc(np.array([0.9, 0.4]), np.array([0.4, 0.1])).area
    0.875
    """
    if not len(positive) or not len(negative):
        raise ValueError("a ROC needs positives and negatives")
    scores = np.concatenate([positive, negative])
    thresholds = np.unique(scores)[::-1]
    return Roc(_above(negative, thresholds), _above(positive, thresholds))


def _above(scores: Scores, thresholds: Scores) -> NDArray[np.float64]:
    """Return the share of scores at or above each falling threshold, 0 in front."""
    below = np.searchsorted(np.sort(scores), thresholds, side="left")
    return np.concatenate([[0.0], 1.0 - below / len(scores)])
