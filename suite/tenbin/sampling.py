"""Timed samples of native loops, on several threads at once.

thread 0   |--------- loop ---------|
thread 1     |--------- loop --------|
           begin of the first ... end of the last: one sample
"""

import mmap
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from tenbin.errors import TenbinError

ONE_F64 = 0x3FF0000000000000  # the bits of 1.0, so that reads and triad share a buffer
WORD = 8


LEAD_NS = 50_000  # to wake one thread; all start when the last one is awake
UNDISTURBED = 0.95


@dataclass(frozen=True)
class Sampling:
    """How samples are taken: short ones, since a slice of a busy CPU is a few ms."""

    samples: int = 10
    most: int = 30
    sample_s: float = 0.003
    longest_s: float = 0.09


@dataclass(frozen=True)
class Rate:
    """Work between two points of the clock; the thread had a CPU for `cpu_ns`."""

    work: float
    begin_ns: int
    end_ns: int
    cpu_ns: int

    @property
    def per_second(self) -> float:
        """Return the work per second of time passed."""
        return self.work / (max(1, self.end_ns - self.begin_ns) * 1e-9)

    @property
    def cpu_share(self) -> float:
        """Return the share of the time in which the thread had a CPU."""
        return min(1.0, self.cpu_ns / max(1, self.end_ns - self.begin_ns))


Run = Callable[[int, int, int], Rate]
"""Called with a thread's number, a count of passes or steps, and when to start."""


@dataclass(frozen=True)
class Best:
    """The fastest sample; a `cpu_share` well below 1 says that it was disturbed too."""

    per_second: float
    cpu_share: float


def together(rates: list[Rate]) -> Rate:
    """Return all work from the first begin to the last end, with the least CPU time."""
    return Rate(
        sum(rate.work for rate in rates),
        min(rate.begin_ns for rate in rates),
        max(rate.end_ns for rate in rates),
        min(rate.cpu_ns for rate in rates),
    )


def best_rate(run: Run, threads: int, sampling: Sampling, deadline: float) -> Best:
    """Return the fastest sample of `run` on so many threads.

    Where one pass takes more than `sampling.sample_s` there are fewer, but at least
    two; disturbed ones are repeated, up to `sampling.most`. After `deadline`
    (time.perf_counter) one sample is enough.
    """
    count = _calibrate(run, sampling.sample_s)
    begun = time.perf_counter()
    best = Best(0.0, 0.0)
    with ThreadPoolExecutor(threads) as pool:
        for taken in range(1, sampling.most + 1):
            start_ns = time.perf_counter_ns() + threads * LEAD_NS
            calls = [pool.submit(run, k, count, start_ns) for k in range(threads)]
            sample = together([call.result() for call in calls])
            if sample.per_second > best.per_second:
                best = Best(sample.per_second, sample.cpu_share)
            now = time.perf_counter()
            enough = taken >= sampling.samples and best.cpu_share >= UNDISTURBED
            late = taken > 1 and now - begun > sampling.longest_s
            if enough or late or now > deadline:
                break
    return best


def _calibrate(run: Run, sample_s: float) -> int:
    """Return the count that takes about `sample_s` on one thread."""
    count = 1
    while True:
        rate = run(0, count, 0)
        seconds = max(1, rate.cpu_ns) * 1e-9
        if seconds >= sample_s / 10:
            return max(1, round(count * sample_s / seconds))
        count *= 8


class Buffer:
    """Memory filled with 1.0, its parts handed to threads; lives as its last view."""

    def __init__(self, size: int, threads: int, block: int) -> None:
        self.block = block
        self.bytes = size // block * block
        pages = mmap.mmap(-1, self.bytes)
        if hasattr(mmap, "MADV_HUGEPAGE"):
            pages.madvise(mmap.MADV_HUGEPAGE)
        self._words = np.frombuffer(pages, dtype=np.uint64)
        # Touched by the threads, not by one: pages come faster, and on their nodes.
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(_fill, np.array_split(self._words, threads)))

    def part_bytes(self, wanted: int, parts: int) -> int:
        """Return the bytes of one of `parts`: at most `wanted`, whole blocks."""
        return max(
            self.block, min(wanted, self.bytes // parts) // self.block * self.block
        )

    def part(self, index: int, part: int, third: int = 0) -> memoryview:
        """Return part number `index` of `part` bytes, counted from a third on."""
        first = third * (self.bytes // 3 // self.block * self.block) + index * part
        return self._words[first // WORD : (first + part) // WORD].data

    def reader(self, native: ModuleType, part: int) -> Run:
        """Return the timed sum-read of a thread's own part, its sum verified."""

        def run(thread: int, passes: int, start_ns: int) -> Rate:
            words = self.part(thread, part)
            *timing, total = native.read_bandwidth(words, passes, None, start_ns)
            if total != part // WORD * passes * ONE_F64 % 2**64:
                raise TenbinError("the read loop did not read every word")
            return Rate(*timing)

        return run

    def triad(self, native: ModuleType, part: int) -> Run:
        """Return the timed triad of a thread's own part of each third, verified.

        The first third is overwritten, whatever the number of threads.
        """

        def run(thread: int, passes: int, start_ns: int) -> Rate:
            a, b, c = (self.part(thread, part, third) for third in range(3))
            rate = Rate(*native.triad_bandwidth(a, b, c, passes, None, start_ns))
            values = np.frombuffer(a, dtype=np.float64)
            if not (values[0] == values[len(values) // 2] == values[-1] == 3.0):
                raise TenbinError("the triad did not write what it should")
            return rate

        return run


def _fill(words: NDArray[np.uint64]) -> None:
    words.fill(ONE_F64)
