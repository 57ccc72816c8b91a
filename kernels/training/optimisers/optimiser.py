"""The contract of an optimiser: a rule applied in place to pieces of the weights.

`update(xp, w, g, slots, work, rate, step)` moves w (n,) against its gradient g (n,),
which it may overwrite. `slots` are its own memories (n,), zero at first; `work` holds
n values of scratch. `step` counts from 1. A rule is element-wise, so that a net's
vector can be worked through in pieces that fit the cache.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

Array = Any
Rule = Callable[[ModuleType, Array, Array, Sequence[Array], Array, float, int], None]

PIECE = 2**15  # elements: three or four arrays of them fit a level-2 cache


@dataclass(frozen=True)
class Optimiser:
    """A rule, the number of its memories, and the learning rate where none is given."""

    update: Rule
    slots: int
    rate: float


def mean_square(xp: ModuleType, mean: Array, g: Array, work: Array, rho: float) -> None:
    """Move an exponential mean of squares: mean = rho mean + (1 - rho) g^2."""
    xp.multiply(g, g, out=work)
    xp.multiply(work, 1 - rho, out=work)
    xp.multiply(mean, rho, out=mean)
    xp.add(mean, work, out=mean)


class Stepper:
    """Applies an optimiser to the flat weights of a net."""

    def __init__(
        self, optimiser: Optimiser, xp: ModuleType, weights: Array, gradients: Array
    ) -> None:
        self.optimiser, self.xp = optimiser, xp
        self.slots = xp.zeros((optimiser.slots, weights.size), dtype=weights.dtype)
        piece = PIECE if xp.__name__ == "numpy" else weights.size
        work = xp.empty(min(piece, weights.size), dtype=weights.dtype)
        self._pieces = [
            (
                weights[start : start + piece],
                gradients[start : start + piece],
                [slot[start : start + piece] for slot in self.slots],
                work[: min(piece, weights.size - start)],
            )
            for start in range(0, weights.size, piece)
        ]

    def __call__(self, rate: float, step: int) -> None:
        """Move the weights; `step` counts from 1."""
        for w, g, slots, work in self._pieces:
            self.optimiser.update(self.xp, w, g, slots, work, rate, step)
