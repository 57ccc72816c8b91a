"""Whether probabilities mean what they say.

    NLL = - mean over samples of log p(y)
    ECE = sum over bins b of n_b / n |accuracy(b) - confidence(b)|

with confidence the largest probability, in bins of equal width (Guo et al. 2017,
arXiv:1706.04599, eq. 3).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]

BINS = 15
SMALLEST = 2.0**-149  # of float32: a probability of 0 has a finite cost


@dataclass(frozen=True)
class Reliability:
    """What a reliability diagram draws: one number per bin, NaN where it is empty."""

    count: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @property
    def error(self) -> float:
        """Return the expected calibration error."""
        gap = np.abs(self.accuracy - self.confidence)
        share = self.count / max(1, self.count.sum())
        return float(np.sum(share * np.nan_to_num(gap)))


def accuracy(probabilities: Floats, labels: Labels) -> float:
    """Return the share of samples (n, classes) whose likeliest class is right."""
    return float(np.mean(probabilities.argmax(axis=1) == labels))


def nll(probabilities: Floats, labels: Labels) -> float:
    """Return the mean negative log likelihood, in nats."""
    told = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.mean(np.log(np.maximum(told, SMALLEST))))


def reliability(probabilities: Floats, labels: Labels, bins: int = BINS) -> Reliability:
    """Return accuracy and confidence in bins of equal width; (n, classes), (n,).

    >>> found = reliability(np.array([[0.75, 0.25], [0.75, 0.25]]), np.array([0, 1]), 2)
    >>> found.error
    0.25
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        return Reliability(
            count,
            np.bincount(place, confidence, bins) / count,
            np.bincount(place, right, bins) / count,
        )


def ece(probabilities: Floats, labels: Labels, bins: int = BINS) -> float:
    """Return the expected calibration error."""
    return reliability(probabilities, labels, bins).error
