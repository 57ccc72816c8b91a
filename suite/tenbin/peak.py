"""What this machine can do at best: multiply-adds and memory traffic, measured.

    float16, bfloat16, ...   flop/s  registers only      1 thread and all cores
    L1, L2, L3, DRAM         byte/s  sum-reads           buffer = half the level
    triad                    byte/s  a = b + s c, DRAM   24 bytes per element

The best of several short samples counts: what disturbs a sample only makes it slower.
Threads are Python's; the native loops run without the interpreter's lock.
"""

import time
from dataclasses import dataclass, replace
from types import ModuleType

from tenbin.errors import UsageError, unknown
from tenbin.sampling import UNDISTURBED, Best, Buffer, Rate, Sampling, best_rate

SAMPLING = Sampling()
BUDGET_S = 1.8
LARGEST_BYTES = 2**30
SMALLEST_DRAM_BYTES = 2**28

# What the instructions do, by the dtype the native table calls it.
INSTRUCTIONS = {"float32": "float32", "float64": "float64"}
INSTRUCTIONS |= {"bfloat16": "bfloat16_dot", "float16": "float16_fma"}
# Half precision that is only stored is computed by one of these, summing in float32.
STORED = {"float16": ("float32",), "bfloat16": ("float32", "bfloat16_dot")}


@dataclass(frozen=True)
class FlopPeak:
    """The best rate of a dtype; `float16_fma` and `bfloat16_dot` are instructions."""

    dtype: str
    threads: int
    flop_per_s: float
    isa: str
    cpu_share: float = 1.0


@dataclass(frozen=True)
class BytePeak:
    """The best rate of a memory level; `buffer_bytes` is that of all threads."""

    level: str
    threads: int
    byte_per_s: float
    isa: str
    buffer_bytes: int
    cpu_share: float = 1.0


@dataclass(frozen=True)
class Peaks:
    """All peaks; `skipped` says what could not be measured, and why.

    Where others kept the CPU busy, even the best sample is too slow: its `cpu_share`,
    the part of the time in which its threads had a CPU, is then well below 1.
    """

    flops: tuple[FlopPeak, ...]
    read: tuple[BytePeak, ...]
    triad: tuple[BytePeak, ...]
    skipped: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def disturbed(self) -> bool:
        """Return whether some peak is too low because others kept the CPU busy."""
        shares = [peak.cpu_share for peak in self.flops]
        shares += [peak.cpu_share for peak in (*self.read, *self.triad)]
        return min(shares, default=1.0) < UNDISTURBED

    def flop_per_s(self, dtype: str, threads: int) -> float:
        """Return the peak of a dtype on `threads` threads; raise UsageError without."""
        rows = {p.threads: p.flop_per_s for p in self.flops if p.dtype == dtype}
        if not rows:
            raise unknown("peak of dtype", dtype, {peak.dtype for peak in self.flops})
        return _at(rows, threads)

    def byte_per_s(self, level: str, threads: int) -> float:
        """Return the read peak of a level; raise UsageError where there is none."""
        rows = {p.threads: p.byte_per_s for p in self.read if p.level == level}
        if not rows:
            raise unknown("memory level", level, {peak.level for peak in self.read})
        return _at(rows, threads)


def _at(rows: dict[int, float], threads: int) -> float:
    # Between one thread and all, the rate grows by thread until it meets that of all.
    fewest, most = min(rows), max(rows)
    return rows.get(threads, min(rows[fewest] * threads / fewest, rows[most]))


def roofline(
    flops: float,
    bytes: float,
    peaks: Peaks,
    dtype: str,
    threads: int,
    level: str = "DRAM",
) -> float:
    """Return the least time in seconds: max(flops / peak, bytes / bandwidth).

    `bytes` is the compulsory traffic with `level`. Williams, Waterman, Patterson,
    Roofline, CACM 52(4), 2009. Raises UsageError for what was not measured.

    >>> peaks = Peaks(
    ...     flops=(FlopPeak("float32", 1, 100e9, "avx2"),),
    ...     read=(BytePeak("DRAM", 1, 10e9, "avx2", 2**28),),
    ...     triad=(),
    ... )
    >>> roofline(200e9, 10e9, peaks, "float32", threads=1)
    2.0
    >>> roofline(1e9, 10e9, peaks, "float32", threads=1)
    1.0
    """
    compute = flops / peaks.flop_per_s(dtype, threads)
    return max(compute, bytes / peaks.byte_per_s(level, threads))


def measure_peaks(threads: int | None = None, budget_s: float = BUDGET_S) -> Peaks:
    """Measure all peaks on one thread and on `threads`, by default all cores allowed.

    After `budget_s` seconds each remaining peak gets one sample only. Raises
    TenbinError without the native module, UsageError for a TENBIN_ISA this CPU lacks.
    """
    from tenbin.kernels.native import load
    from tenbin.machine import cores_allowed

    if threads is not None and threads < 1:
        raise UsageError(f"threads = {threads}: must be at least 1")
    native = load()
    _require_isa(native)
    counts = sorted({1, threads or cores_allowed()})
    begun = time.perf_counter()
    deadline = begun + budget_s
    skipped: list[str] = []
    flops = _flop_peaks(native, counts, deadline, skipped)
    read, triad = _byte_peaks(native, counts, deadline, skipped)
    seconds = time.perf_counter() - begun
    return Peaks(flops, read, triad, tuple(skipped), seconds)


def _require_isa(native: ModuleType) -> None:
    try:
        native.chosen("fma", "float32")
    except ValueError as error:
        raise UsageError(str(error)) from None


def _flop_peaks(
    native: ModuleType, counts: list[int], deadline: float, skipped: list[str]
) -> tuple[FlopPeak, ...]:
    found: list[FlopPeak] = []
    for dtype, name in INSTRUCTIONS.items():
        try:
            isa = native.chosen("fma", dtype)
        except ValueError as error:
            skipped.append(f"{name}: {error}")
            continue
        for count in counts:
            best = _fma_rate(native, dtype, count, deadline)
            rate, share = best.per_second, best.cpu_share
            found.append(FlopPeak(name, count, rate, isa, share))
    return (*found, *_stored(found))


def _fma_rate(native: ModuleType, dtype: str, threads: int, deadline: float) -> Best:
    def run(thread: int, steps: int, start_ns: int) -> Rate:
        del thread
        return Rate(*native.fma_peak(dtype, steps, None, start_ns))

    return best_rate(run, threads, SAMPLING, deadline)


def _stored(measured: list[FlopPeak]) -> list[FlopPeak]:
    stored = []
    for dtype, computed in STORED.items():
        for count in sorted({peak.threads for peak in measured}):
            rows = [p for p in measured if p.dtype in computed and p.threads == count]
            best = max(rows, key=lambda peak: peak.flop_per_s)
            stored.append(replace(best, dtype=dtype))
    return stored


def _byte_peaks(
    native: ModuleType, counts: list[int], deadline: float, skipped: list[str]
) -> tuple[tuple[BytePeak, ...], tuple[BytePeak, ...]]:
    levels = _cache_levels(skipped)
    largest = max((size for size, _ in levels.values()), default=0)
    dram = _dram_bytes(largest, skipped)
    try:
        buffer = Buffer(dram, max(counts), native.BLOCK_BYTES)
    except (OSError, MemoryError) as error:
        skipped.append(f"memory: no buffer of {dram} bytes: {error}")
        return (), ()
    isa = native.chosen("read", "uint64")
    read = []
    for level, (size, instances) in (levels | {"DRAM": (2 * dram, 1)}).items():
        for count in counts:
            shared = max(1, count // instances)
            part = buffer.part_bytes(size // 2 // shared, count)
            run = buffer.reader(native, part)
            best = best_rate(run, count, SAMPLING, deadline)
            read.append(_byte_peak(level, count, best, isa, part * count))
    triad = _triad_peaks(native, buffer, counts, deadline)
    return tuple(read), triad


def _triad_peaks(
    native: ModuleType, buffer: Buffer, counts: list[int], deadline: float
) -> tuple[BytePeak, ...]:
    isa = native.chosen("triad", "float64")
    found = []
    for count in counts:
        part = buffer.part_bytes(buffer.bytes, 3 * count)
        run = buffer.triad(native, part)
        best = best_rate(run, count, SAMPLING, deadline)
        found.append(_byte_peak("DRAM", count, best, isa, 3 * part * count))
    return tuple(found)


def _byte_peak(
    level: str, threads: int, best: Best, isa: str, buffer_bytes: int
) -> BytePeak:
    return BytePeak(level, threads, best.per_second, isa, buffer_bytes, best.cpu_share)


def _cache_levels(skipped: list[str]) -> dict[str, tuple[int, int]]:
    from tenbin.machine.hardware import caches

    try:
        found = [cache for cache in caches() if cache["kind"] != "instruction"]
    except (OSError, ValueError) as error:
        skipped.append(f"caches: {error}")
        return {}
    return {f"L{c['level']}": (c["size_bytes"], c["instances"]) for c in found}


def _dram_bytes(last_level: int, skipped: list[str]) -> int:
    from tenbin.machine.hardware import memory

    wanted = max(4 * last_level, SMALLEST_DRAM_BYTES)
    try:
        limit = min(LARGEST_BYTES, memory()["available_bytes"] // 4)
    except (OSError, ValueError, KeyError):
        limit = SMALLEST_DRAM_BYTES
    if wanted > limit:
        skipped.append(f"DRAM: buffer of {limit} bytes, not 4 x last-level cache")
    return min(wanted, limit)
