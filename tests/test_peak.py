"""Peaks are measured in time, consistent with each other, and survive JSON."""

import doctest
import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenbin import peak
from tenbin.errors import TenbinError, UsageError
from tenbin.machine import cores_allowed
from tenbin.peak import BytePeak, FlopPeak, Peaks, measure_peaks, roofline
from tenbin.sampling import Best, Buffer, Rate, Sampling, best_rate, together

RATES = st.floats(1e6, 1e15)


def create_peaks(flop_per_s: float = 100e9, byte_per_s: float = 10e9) -> Peaks:
    return Peaks(
        flops=(
            FlopPeak("float32", 1, flop_per_s, "avx2"),
            FlopPeak("float32", 8, 6 * flop_per_s, "avx2"),
        ),
        read=(
            BytePeak("DRAM", 1, byte_per_s, "avx2", 2**28),
            BytePeak("DRAM", 8, 2 * byte_per_s, "avx2", 2**28),
        ),
        triad=(),
    )


@pytest.fixture(scope="module")
def peaks() -> Peaks:
    pytest.importorskip("tenbin.kernels.native._native", reason="not built")
    return measure_peaks()


def test_probe_keeps_its_budget(peaks: Peaks) -> None:
    assert peaks.seconds < 6  # 3 on a quiet machine


def test_measures_one_thread_and_all_cores(peaks: Peaks) -> None:
    counts = {1, cores_allowed()}

    for rows in (peaks.flops, peaks.read, peaks.triad):
        assert {row.threads for row in rows} == counts


def test_every_peak_names_its_isa(peaks: Peaks) -> None:
    assert all(row.isa for row in peaks.flops)
    assert all(row.isa for row in (*peaks.read, *peaks.triad))


def test_stored_half_precision_has_at_least_the_float32_peak(peaks: Peaks) -> None:
    single = peaks.flop_per_s("float32", 1)

    assert peaks.flop_per_s("float16", 1) == single
    assert peaks.flop_per_s("bfloat16", 1) >= single


def test_first_level_cache_is_faster_than_memory(peaks: Peaks) -> None:
    assert peaks.byte_per_s("L1", 1) > peaks.byte_per_s("DRAM", 1)


def test_survives_json(peaks: Peaks) -> None:
    text = msgspec.json.encode(peaks)

    assert msgspec.convert(msgspec.json.decode(text), Peaks) == peaks


def test_without_time_each_peak_has_one_sample() -> None:
    pytest.importorskip("tenbin.kernels.native._native", reason="not built")

    assert measure_peaks(threads=1, budget_s=0.0).flop_per_s("float64", 1) > 0


def test_refuses_no_threads() -> None:
    with pytest.raises(UsageError, match="threads = 0"):
        measure_peaks(threads=0)


@given(flop_per_s=RATES, byte_per_s=RATES, flops=RATES, bytes_=RATES)
def test_roofline_is_the_larger_of_both_times(
    flop_per_s: float, byte_per_s: float, flops: float, bytes_: float
) -> None:
    peaks = create_peaks(flop_per_s, byte_per_s)

    time_s = roofline(flops, bytes_, peaks, "float32", threads=1)

    assert time_s == max(flops / flop_per_s, bytes_ / byte_per_s)


@given(threads=st.integers(1, 64))
def test_more_threads_are_never_slower(threads: int) -> None:
    peaks = create_peaks()

    fewer = roofline(1e12, 1e9, peaks, "float32", threads)
    more = roofline(1e12, 1e9, peaks, "float32", threads + 1)

    assert more <= fewer


def test_between_the_measured_counts_the_rate_grows_by_thread() -> None:
    peaks = create_peaks(flop_per_s=100e9)

    assert peaks.flop_per_s("float32", 4) == 400e9
    assert peaks.flop_per_s("float32", 7) == 600e9


def test_names_the_dtypes_there_are() -> None:
    with pytest.raises(UsageError, match="no peak of dtype int8; choose from float32"):
        roofline(1.0, 1.0, create_peaks(), "int8", 1)


def sampled(*durations_ns: int, share: float = 1.0, **sampling: Any) -> Best:
    """The best rate of samples of 1000 units of work; the first two calibrate."""
    remaining = iter(durations_ns)

    def run(thread: int, count: int, start_ns: int) -> Rate:
        duration = next(remaining)
        return Rate(1000.0, 0, duration, int(share * duration))

    settings = Sampling(**{"samples": 3, "sample_s": 1e-3, **sampling})
    return best_rate(run, 1, settings, deadline=1e30)


def test_best_rate_forgets_the_disturbed_samples() -> None:
    best = sampled(1_000_000, 40_000_000, 2_000_000, 500_000)

    assert best.per_second == pytest.approx(1000.0 / 0.5e-3)
    assert best.cpu_share == 1.0


def test_samples_longer_while_others_have_the_cpu() -> None:
    best = sampled(*[1_000_000] * 8, share=0.5, most=7)

    assert best.cpu_share == 0.5


def test_together_spans_all_threads() -> None:
    both = together([Rate(10.0, 5, 20, 15), Rate(10.0, 0, 15, 9)])

    assert both == Rate(20.0, 0, 20, 9)


def test_threads_start_together() -> None:
    native = pytest.importorskip("tenbin.kernels.native._native", reason="not built")
    start_ns = time.perf_counter_ns() + 2_000_000

    _, begin_ns, _, _ = native.fma_peak("float32", 10, None, start_ns)

    assert begin_ns >= start_ns


def test_peaks_say_that_they_were_disturbed() -> None:
    slow = FlopPeak("float32", 1, 1e9, "avx2", cpu_share=0.5)

    assert Peaks(flops=(slow,), read=(), triad=()).disturbed
    assert not create_peaks().disturbed


def test_a_wrong_sum_is_not_a_bandwidth() -> None:
    class Lazy:
        @staticmethod
        def read_bandwidth(*args: Any) -> tuple[float, int, int, int, int]:
            return 1e9, 0, 1, 1, 0

    buffer = Buffer(4096, 1, 512)
    run = buffer.reader(Lazy, 512)  # type: ignore[arg-type]

    with pytest.raises(TenbinError, match="did not read every word"):
        run(0, 1, 0)


@given(size=st.integers(1, 64), parts=st.integers(1, 8), wanted=st.integers(0, 2**16))
def test_parts_are_whole_blocks_within_the_buffer(
    size: int, parts: int, wanted: int
) -> None:
    buffer = Buffer(size * 4096, 1, 512)

    part = buffer.part_bytes(wanted, parts)

    assert part > 0
    assert part % 512 == 0
    assert part * parts <= buffer.bytes


def test_examples_are_true() -> None:
    assert doctest.testmod(peak).failed == 0
