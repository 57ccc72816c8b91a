"""The peak of float32 multiply-adds of now, on this thread: a contender like others."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tenbin.kernels.native import load

STEPS = 300_000
SAME = 0.9  # peaks this near are the same


def peak(isa: str | None = None) -> float:
    """Return the flop/s of float32 multiply-adds in this thread's processor time."""
    flops, _, _, cpu_ns = load().fma_peak("float32", STEPS, isa)
    return float(flops / cpu_ns * 1e9)


def at_peak(flops: float, isa: str | None = None) -> Callable[[], float]:
    """Return what measures the ns that so many flops take at the peak of now."""
    return lambda: flops / peak(isa) * 1e9


def same(ratios: Any) -> bool:
    """Return whether two peaks are the same, by ratios of the lower to the higher."""
    return bool(np.median(ratios) >= SAME)
