"""Random numbers by purpose: which stream, and what besides the seed picks its place.

All draws depend on the seed and on that place alone: the same on any number of ranks,
and nothing to be saved in a checkpoint.
"""

from enum import Enum

import numpy as np


class Stream(Enum):
    """Each draws from the generator of (seed, number, *place); see `rng`."""

    CHOICE = 0, "split"  # the writers of training pairs
    MIXUP = 0, "step"
    SMOOTHOUT = 1, "step"
    NOISE = 1, "sample"  # of Monte Carlo without a posterior
    TRAIN_PAIRS = 0, "pairs"
    TEST_PAIRS = 1, "pairs"
    VOGN_TRAIN = 0, "step, sample"
    VOGN_TEST = 1, "step, sample"
    FISHER = 2, "step, sample"  # labels that the model draws
    KFAC_TRAIN = 3, "step, sample"
    KFAC_TEST = 4, "step, sample"

    def key(self, seed: int, *place: int) -> tuple[int, ...]:
        """Return the key of a generator, for those who make several of it."""
        return (seed, self.value[0], *place)

    def rng(self, seed: int, *place: int) -> np.random.Generator:
        """Return the generator of a place, the same for the same place."""
        return np.random.default_rng(self.key(seed, *place))
