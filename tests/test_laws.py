"""Scaling laws give back the numbers that made a ladder."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.results import laws
from tenbin.results.least_squares import left_out, nonnegative

RANKS = [1, 2, 4, 8, 16]


def strong(p: float, sigma: float, kappa: float) -> float:
    return (1 + sigma * (p - 1) + kappa * p * (p - 1)) / p


def fitted(scaling: str, name: str, times: list[float], base: float = 1.0) -> laws.Fit:
    launches = [[time, time, time] for time in times]
    found = laws.fit(scaling, name, [base * p for p in RANKS], launches, base)
    assert found is not None
    return found


@given(st.floats(0.0, 1.0))
def test_amdahl_finds_the_serial_fraction(serial: float) -> None:
    times = [3.0 * (serial + (1 - serial) / p) for p in RANKS]

    found = fitted("strong", "amdahl", times, base=2.0)

    assert found.parameters["serial"][0] == pytest.approx(serial, abs=1e-9)
    assert found.error < 1e-9
    np.testing.assert_allclose(found.predict([2.0 * p for p in RANKS]), times)


@given(st.floats(0.0, 1.0))
def test_gustafson_finds_the_serial_fraction(serial: float) -> None:
    times = [2.0 / (serial / p + 1 - serial + 1e-6) for p in RANKS]

    found = fitted("weak", "gustafson", times)

    assert found.parameters["serial"][0] == pytest.approx(serial, abs=1e-5)
    np.testing.assert_allclose(found.predict(RANKS), times, rtol=1e-6)


@given(st.floats(0.0, 0.5), st.floats(0.0, 0.05))
def test_usl_finds_contention_and_coherency(sigma: float, kappa: float) -> None:
    times = [strong(p, sigma, kappa) for p in RANKS]
    weak = [p * time for p, time in zip(RANKS, times, strict=True)]

    for found in (fitted("strong", "usl", times), fitted("weak", "usl", weak)):
        assert found.parameters["sigma"][0] == pytest.approx(sigma, abs=1e-6)
        assert found.parameters["kappa"][0] == pytest.approx(kappa, abs=1e-6)


def test_usl_says_where_a_ladder_turns_back() -> None:
    found = fitted("strong", "usl", [strong(p, 0.1, 0.01) for p in RANKS])

    assert found.peak_ranks == pytest.approx(math.sqrt(0.9 / 0.01))


def test_a_ladder_that_only_gains_never_turns_back() -> None:
    assert fitted("strong", "usl", [1.0 / p for p in RANKS]).peak_ranks == math.inf


def test_too_few_points_give_no_law() -> None:
    launches = [[1.0] * 3, [0.5] * 3]

    assert laws.fit("strong", "amdahl", [1, 2], launches, 1.0) is None
    assert laws.fit("strong", "usl", [1, 2, 4], [[1.0]] * 3, 1.0) is None


def test_intervals_need_three_launches() -> None:
    few = laws.fit("strong", "amdahl", [1, 2, 4], [[1.0], [0.6], [0.4]], 1.0)

    assert few is not None
    assert math.isnan(few.parameters["serial"][1])


def test_intervals_hold_the_truth_of_noisy_launches() -> None:
    rng = np.random.default_rng(3)
    noisy = [
        ((0.1 + 0.9 / p) * np.exp(rng.normal(0, 0.02, 10))).tolist() for p in RANKS
    ]

    found = laws.fit("strong", "amdahl", RANKS, noisy, 1.0)

    assert found is not None
    value, low, high = found.parameters["serial"]
    assert low <= 0.1 <= high
    assert low <= value <= high


times = st.lists(st.floats(1e-3, 1e3), min_size=5, max_size=5)


@settings(deadline=None)
@given(times, st.floats(0.01, 100.0))
def test_scaling_all_times_leaves_the_parameters(
    values: list[float], factor: float
) -> None:
    for scaling, known in laws.LAWS.items():
        for name in known:
            found = fitted(scaling, name, values)
            scaled = fitted(scaling, name, [factor * t for t in values])
            for key, (value, _, _) in found.parameters.items():
                assert scaled.parameters[key][0] == pytest.approx(value, rel=1e-4)


@settings(deadline=None)
@given(times)
def test_coefficients_are_never_negative(values: list[float]) -> None:
    for scaling, known in laws.LAWS.items():
        for name in known:
            assert min(fitted(scaling, name, values).coefficients) >= 0.0


def test_left_out_errors_are_those_of_refitting() -> None:
    rng = np.random.default_rng(1)
    columns, target = rng.random((6, 2)) + 0.5, rng.random((1, 6)) + 1.0
    scale = target[0]

    _, errors = left_out(columns, target, scale)

    for i in range(6):
        rest = np.delete(np.arange(6), i)
        scaled = columns[rest] / scale[rest, None]
        own, *_ = np.linalg.lstsq(scaled, (target[0] / scale)[rest], rcond=None)
        expected = target[0, i] / scale[i] - columns[i] @ own / scale[i]
        assert errors[0, i] == pytest.approx(expected)


def test_nonnegative_drops_what_would_be_negative() -> None:
    columns = np.array([[1.0, 1.0], [1.0, 2.0], [1.0, 3.0]])

    (found,) = nonnegative(columns, np.array([[3.0, 2.0, 1.0]]), np.ones(3))

    assert found == pytest.approx([2.0, 0.0])
