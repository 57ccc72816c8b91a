"""Random numbers by purpose: which stream, and what besides the seed picks its place.

All draws depend on the seed and on that place alone: the same on any number of ranks,
and nothing to be saved in a checkpoint.
"""

from enum import Enum, auto

import numpy as np


class Stream(Enum):
    """Each draws from the generator of (seed, number, *place); see `rng`.

    Numbers below the first are those of epochs and layers, which follow the seed, too.
    """

    CHOICE = 2**16  # the writers of training pairs
    TRAIN_PAIRS = auto()
    TEST_PAIRS = auto()
    MIXUP = auto()  # place: step
    SMOOTHOUT = auto()
    NOISE = auto()  # place: sample, of Monte Carlo without a posterior
    FISHER = auto()  # place: step, sample; labels that the model draws
    VOGN_TRAIN = auto()
    VOGN_TEST = auto()
    KFAC_TRAIN = auto()  # place: step, sample, layer
    KFAC_TEST = auto()

    def key(self, seed: int, *place: int) -> tuple[int, ...]:
        """Return the key of a generator, for those who make several of it."""
        return (seed, self.value, *place)

    def rng(self, seed: int, *place: int) -> np.random.Generator:
        """Return the generator of a place, the same for the same place."""
        return np.random.default_rng(self.key(seed, *place))
