"""Metrics agree with their definitions, for numbers and for arrays."""

import doctest
import importlib
import math
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenbin.results import intervals, metrics

MODULES = (
    "tenbin.results.metrics",
    "tenbin.results.intervals",
    "tenbin.results.figures.axes",
    "tenbin.results.figures.captions",
    "tenbin.results.figures.layout",
    "tenbin.results.report.grid",
)
positive = st.floats(1e-6, 1e6)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name: str) -> None:
    module: ModuleType = importlib.import_module(name)

    result = doctest.testmod(module)

    assert result.attempted > 0
    assert result.failed == 0


def test_one_rank_moves_nothing() -> None:
    assert metrics.busbw(1e6, 1e-3, 1.0) == 0.0


@given(size=positive, time=positive, ranks=st.integers(2, 4096))
def test_busbw_is_at_most_twice_algbw(size: float, time: float, ranks: int) -> None:
    ratio = metrics.busbw(size, time, float(ranks)) / metrics.algbw(size, time)

    assert 1.0 - 1e-12 < ratio < 2.0


@given(serial=st.floats(0.0, 0.9), ratio=st.integers(2, 1024))
def test_karp_flatt_recovers_the_serial_fraction_of_amdahl(
    serial: float, ratio: int
) -> None:
    speedup = 1.0 / (serial + (1.0 - serial) / ratio)

    assert metrics.karp_flatt(speedup, float(ratio)) == pytest.approx(serial, abs=1e-9)


def test_karp_flatt_means_nothing_at_the_baseline() -> None:
    assert math.isnan(metrics.karp_flatt(1.0, 1.0))


@given(base=positive, time=positive, p0=st.integers(1, 64), p=st.integers(1, 64))
def test_strong_and_weak_efficiency_differ_by_the_ranks(
    base: float, time: float, p0: int, p: int
) -> None:
    strong = metrics.strong_efficiency(base, time, float(p0), float(p))
    weak = metrics.weak_efficiency(base, time)

    assert strong == pytest.approx(weak * p0 / p)
    scaled = metrics.scaled_speedup(base, time, float(p0), float(p))
    assert scaled == pytest.approx(weak * p / p0)


def test_works_on_arrays() -> None:
    flops, bytes_ = np.array([1e9, 1e9]), np.array([1e6, 1e10])

    bound = metrics.roofline_time(
        flops, bytes_, np.array([1e10, 1e10]), np.array([1e10, 1e10])
    )

    np.testing.assert_allclose(bound, [0.1, 1.0])


@pytest.mark.parametrize("n", [3, 5, 6, 10, 101])
def test_the_interval_covers_as_often_as_it_says(n: int) -> None:
    rng = np.random.default_rng(n)
    ordered = np.sort(rng.lognormal(size=(20_000, n)), axis=1)
    k = intervals.median_rank(n)

    covered = (ordered[:, k] <= 1.0) & (ordered[:, n - 1 - k] >= 1.0)

    assert covered.mean() == pytest.approx(intervals.level(n), abs=0.01)
