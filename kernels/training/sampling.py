"""Samples of the weights: how many there are, who draws which, what they predict.

4 ranks, mc_groups 2            part 0     part 1
        samples 0, 2, ..        rank 0     rank 1
        samples 1, 3, ..        rank 2     rank 3

Ranks of a group share its samples and split the batch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from tenbin.errors import UsageError
from tenbin.kernels.training.backprop.loop import Loop
from tenbin.kernels.training.layers.layer import Array
from tenbin.kernels.training.layers.softmax import softmax


@dataclass(frozen=True)
class Samples:
    """Settings that methods with a posterior share.

    `samples` of the weights are drawn per step, over all ranks, which form `mc_groups`.
    `test_samples` are averaged for predictions; 0 predicts with the mean.
    """

    samples: int = 1
    mc_groups: int = 1
    test_samples: int = 10

    def __post_init__(self) -> None:
        for key, least in (("samples", 1), ("mc_groups", 1), ("test_samples", 0)):
            if getattr(self, key) < least:
                value = getattr(self, key)
                raise UsageError(f"settings: {key} = {value}; at least {least}")
        if self.samples % self.mc_groups:
            raise UsageError(
                f"settings: samples = {self.samples} is not a multiple of "
                f"mc_groups = {self.mc_groups}"
            )

    def crowd(self, ranks: int) -> str:
        """Return why so many ranks cannot form the groups, or an empty string."""
        if ranks % self.mc_groups:
            return f"mc_groups = {self.mc_groups} does not divide {ranks} ranks"
        return ""

    def shares(self, ranks: int) -> int:
        """Return the ranks of a group; raise UsageError where groups do not fit."""
        if reason := self.crowd(ranks):
            raise UsageError(reason)
        return ranks // self.mc_groups

    def mine(self, ranks: int, rank: int) -> range:
        """Return the samples that a rank draws.

        >>> Samples(samples=4, mc_groups=2).mine(ranks=4, rank=3)
        range(1, 4, 2)
        """
        return range(rank // self.shares(ranks), self.samples, self.mc_groups)


def mean_prediction(
    loop: Loop,
    rows: NDArray[Any],
    count: int,
    move: Callable[[int], object],
    training: bool = False,
) -> Array:
    """Return the mean of the predictions of `count` nets, which `move` goes to.

    The weights come back to the bit.
    """
    net, total = loop.net, 0.0
    kept = net.weights.copy()
    for sample in range(count):
        move(sample)
        total = total + softmax(loop.xp, loop.outputs(rows, training).copy())
        net.weights[...] = kept
    return total / count
