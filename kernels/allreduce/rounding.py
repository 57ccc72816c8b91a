"""The rounding error of a schedule: its additions done in a dtype, against float64.

The data of a fold are numbers here: `samples` of a normal distribution per chunk and
rank. Each addition is done as hardware with float32 arithmetic does it, and rounded to
the dtype; bfloat16 is float32 with half of its bits rounded away, to even.

    flat ring                  one chain of p - 1 additions    error ~ sqrt(p)
    halving and doubling       a tree of log2 p additions      error ~ sqrt(log2 p)

The growth of both: Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed.,
section 4, for random signs of the rounding errors.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.errors import unknown
from tenbin.kernels.allreduce.prove import Contributions
from tenbin.kernels.allreduce.schedule import Schedule, fold

Numbers = NDArray[Any]


@dataclass(frozen=True)
class Rounding:
    """Relative errors of a sum over ranks, root mean square and largest.

    Both are relative to the root mean square of the exact sums; `same` says whether
    all ranks got the same bits.
    """

    rms: float
    largest: float
    same: bool


def to_bfloat16(values: Numbers) -> Numbers:
    """Round float32 to the nearest bfloat16, ties to even; still stored as float32."""
    bits = np.asarray(values, dtype=np.float32).view(np.uint32)
    odd = (bits >> np.uint32(16)) & np.uint32(1)
    rounded = (bits + np.uint32(0x7FFF) + odd) & np.uint32(0xFFFF0000)
    return rounded.view(np.float32)


# dtype -> rounding of float32 numbers to it
ROUND: Mapping[str, Callable[[Numbers], Numbers]] = {
    "float32": lambda values: np.asarray(values, dtype=np.float32),
    "float16": lambda values: np.asarray(values, dtype=np.float16),
    "bfloat16": to_bfloat16,
}


def rounding(
    schedule: Schedule, dtype: str, samples: int = 16, seed: int = 1
) -> Rounding:
    """Return the errors of a schedule in a dtype; raise UsageError for another."""
    if dtype not in ROUND:
        raise unknown("dtype with an addition", dtype, ROUND)
    narrow = ROUND[dtype]

    def add(one: Numbers, other: Numbers) -> Numbers:
        return narrow(np.add(one, other, dtype=np.float32))

    shape = (schedule.ranks, schedule.chunks, samples)
    random = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
    first = narrow(random)
    exact = first.astype(np.float64).sum(axis=0)
    found = fold(schedule, Contributions(first, add)).reshape(shape)
    error = found.astype(np.float64) - exact
    scale = np.sqrt(np.mean(exact**2))
    return Rounding(
        rms=float(np.sqrt(np.mean(error**2)) / scale),
        largest=float(np.abs(error).max() / scale),
        same=bool((found == found[0]).all()),
    )
