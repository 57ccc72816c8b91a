"""Rates, bounds and scaling: pure functions of numbers or of arrays of numbers."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Numbers = TypeVar("Numbers", float, NDArray[np.float64])


def flop_rate(flops: Numbers, time_s: Numbers) -> Numbers:
    """Return flops / time, in FLOP/s.

    >>> flop_rate(2e9, 0.5)
    4000000000.0
    """
    return flops / time_s


def algbw(message_bytes: Numbers, time_s: Numbers) -> Numbers:
    """Return the algorithm bandwidth S / t, in B/s: S is the buffer on one rank.

    >>> algbw(1e9, 0.5)
    2000000000.0
    """
    return message_bytes / time_s


def busbw(message_bytes: Numbers, time_s: Numbers, ranks: Numbers) -> Numbers:
    """Return the bus bandwidth of an allreduce, S / t x 2 (p - 1) / p, in B/s.

    Each of the p ranks must send and receive 2 (p - 1) / p of its buffer, whatever
    the algorithm; so the figure compares with the speed of a link (nccl-tests,
    doc/PERFORMANCE.md). It is zero on one rank, where nothing moves.

    >>> busbw(1e9, 0.5, 4.0)
    3000000000.0
    """
    return message_bytes / time_s * 2.0 * (ranks - 1.0) / ranks


def share_of_peak(flop_per_s: Numbers, peak_flop_per_s: Numbers) -> Numbers:
    """Return the measured rate as a share of the measured peak.

    >>> share_of_peak(60e9, 80e9)
    0.75
    """
    return flop_per_s / peak_flop_per_s


def roofline_time(
    flops: Numbers, bytes_: Numbers, peak_flop_per_s: Numbers, byte_per_s: Numbers
) -> Numbers:
    """Return the least time, max(flops / peak, bytes / bandwidth), in seconds.

    The roofline of Williams, Waterman, Patterson (2009), solved for the time.

    >>> float(roofline_time(100e9, 1e9, 50e9, 10e9))
    2.0
    >>> float(roofline_time(1e9, 1e9, 50e9, 10e9))
    0.1
    """
    compute, traffic = flops / peak_flop_per_s, bytes_ / byte_per_s
    least: Numbers = np.maximum(compute, traffic)
    return least


def speedup(base_s: Numbers, time_s: Numbers) -> Numbers:
    """Return t(p0) / t(p): how many times faster than the baseline.

    >>> speedup(12.0, 4.0)
    3.0
    """
    return base_s / time_s


def strong_efficiency(
    base_s: Numbers, time_s: Numbers, base_ranks: Numbers, ranks: Numbers
) -> Numbers:
    """Return t(p0) / t(p) x p0 / p: the speed-up as a share of the ideal one.

    >>> strong_efficiency(12.0, 4.0, 1.0, 4.0)
    0.75
    """
    return base_s / time_s * base_ranks / ranks


def weak_efficiency(base_s: Numbers, time_s: Numbers) -> Numbers:
    """Return t(p0) / t(p) at constant work per rank.

    >>> weak_efficiency(4.0, 5.0)
    0.8
    """
    return base_s / time_s


def scaled_speedup(
    base_s: Numbers, time_s: Numbers, base_ranks: Numbers, ranks: Numbers
) -> Numbers:
    """Return t(p0) / t(p) x p / p0: the throughput over that of the baseline.

    >>> scaled_speedup(4.0, 5.0, 1.0, 4.0)
    3.2
    """
    return base_s / time_s * ranks / base_ranks


def karp_flatt(speed_up: Numbers, ratio: Numbers) -> Numbers:
    """Return the serial fraction (1/S - 1/p) / (1 - 1/p) at p times the base ranks.

    Karp and Flatt (1990). It is constant in p where a serial part limits, and grows
    where overhead does. Not a number at the baseline itself.

    >>> karp_flatt(2.0, 4.0) == (0.5 - 0.25) / 0.75
    True
    """
    if isinstance(ratio, float) and ratio == 1.0:
        return float("nan")
    with np.errstate(divide="ignore", invalid="ignore"):
        return (1.0 / speed_up - 1.0 / ratio) / (1.0 - 1.0 / ratio)
