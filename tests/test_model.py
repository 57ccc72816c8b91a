"""The model search finds what made a curve, and owns up to what it cannot know."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.analysis_bars import RANKS, recovered
from tenbin.errors import UsageError
from tenbin.results.model import CANDIDATES, FARTHEST, NAMES, TERMS, Model, search

P = np.array(RANKS, dtype=float)


def curve(coefficients: dict[str, float]) -> list[float]:
    parts = (value * TERMS[name](P) for name, value in coefficients.items())
    return np.sum(list(parts), axis=0).tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "coefficients",
    [
        {"1": 2.0},
        {"1": 1.0, "log2 p": 0.5},
        {"1": 1.0, "p": 0.1},
        {"1": 1.0, "p log2 p": 0.01},
        {"1": 1.0, "sqrt p": 0.5},
        {"1": 1.0, "p^2": 0.01},
        {"1/p": 3.0},
        {"1": 0.5, "1/p": 8.0},
        {"1": 0.5, "1/p": 8.0, "log2 p": 0.3},
        {"1/p": 8.0, "p": 0.2},
    ],
)
def test_finds_exact_terms_and_coefficients(coefficients: dict[str, float]) -> None:
    found = search(RANKS, curve(coefficients))

    assert found.shape == set(coefficients) - {"1"}
    told = dict(zip(NAMES, found.coefficients, strict=True))
    assert {k: v for k, v in told.items() if v > 1e-9} == pytest.approx(coefficients)
    assert found.error < 1e-9


def test_predicts_and_extrapolates_within_the_band() -> None:
    rng = np.random.default_rng(4)
    noisy = np.array(curve({"1": 1.0, "p": 0.2})) * np.exp(rng.normal(0, 0.02, 6))

    found = search(RANKS, noisy.tolist())
    low, high = found.band([64.0])

    assert low[0] <= 1.0 + 0.2 * 64 <= high[0]
    assert found.predict([64.0])[0] == pytest.approx(13.8, rel=0.1)


def test_a_noisier_curve_has_a_wider_band() -> None:
    rng = np.random.default_rng(4)
    noise = rng.normal(0, 1, 6)
    widths = []
    for level in (0.01, 0.05):
        times = np.array(curve({"1": 1.0, "log2 p": 0.5})) * np.exp(level * noise)
        low, high = search(RANKS, times.tolist()).band([128.0])
        widths.append(float(high[0] - low[0]))

    assert widths[0] < widths[1]


def test_refuses_below_four_counts_and_warns_below_five() -> None:
    with pytest.raises(UsageError, match="no model from 3 rank counts: 4 are needed"):
        search([1, 2, 4], [1.0, 0.5, 0.25])

    assert "4 rank counts are few" in search([1, 2, 4, 8], [1.0] * 4).warning
    assert search([1, 2, 4, 8, 16], [1.0] * 5).warning == ""


@pytest.mark.parametrize(
    ("ranks", "times"),
    [
        ([1, 2, 4, 4, 8], [1.0] * 5),
        ([1, 2, 4, 8], [1.0, 0.0, 1.0, 1.0]),
        ([1, 2, 4, 8], [1.0, float("nan"), 1.0, 1.0]),
        ([0, 2, 4, 8], [1.0] * 4),
    ],
)
def test_refuses_what_is_no_curve(ranks: list[int], times: list[float]) -> None:
    with pytest.raises(UsageError, match="no model"):
        search(ranks, times)


times = st.lists(st.floats(1e-6, 1e3), min_size=6, max_size=6)


@settings(deadline=None)
@given(times, st.floats(1e-3, 1e3))
def test_scaling_all_times_scales_the_model(values: list[float], factor: float) -> None:
    found, scaled = search(RANKS, values), search(RANKS, [factor * t for t in values])

    if found.terms == scaled.terms:  # rounding may tip what is a tie
        np.testing.assert_allclose(
            scaled.coefficients, factor * found.coefficients, rtol=1e-6
        )
    else:
        assert scaled.error == pytest.approx(found.error, rel=2.0)


@settings(deadline=None)
@given(times, st.randoms())
def test_the_order_of_points_changes_nothing(
    values: list[float], random: object
) -> None:
    order = random.sample(range(6), 6)  # type: ignore[attr-defined]

    found = search(RANKS, values)
    mixed = search([RANKS[i] for i in order], [values[i] for i in order])

    assert found.error == pytest.approx(mixed.error, rel=1e-6)
    np.testing.assert_allclose(found.predict(P), mixed.predict(P), rtol=1e-6)


@settings(deadline=None)
@given(times)
def test_no_time_is_ever_negative(values: list[float]) -> None:
    found = search(RANKS, values)
    far = np.geomspace(1.0, max(RANKS) * FARTHEST, 20)

    low, high = found.band(far)

    assert (found.coefficients >= 0.0).all()
    assert (low >= 0.0).all()
    assert (low <= found.predict(far)).all()
    assert (found.predict(far) <= high).all()


def test_identical_data_give_identical_models() -> None:
    def model() -> Model:
        return search(RANKS, [1.0, 1.4, 1.9, 2.6, 2.9, 3.5])

    np.testing.assert_array_equal(model().drawn, model().drawn)


def test_the_formula_has_times_for_coefficients() -> None:
    found = search(RANKS, curve({"1": 0.002, "log2 p": 0.0005}))

    assert found.formula == "2.00 ms + 500 us x log2 p"


def test_candidates_are_few_and_distinct() -> None:
    assert len(set(CANDIDATES)) == len(CANDIDATES)
    assert all(len(terms) <= 3 for terms in CANDIDATES)


def test_recovers_the_generating_terms_of_noisy_curves() -> None:
    assert recovered(200, seed=7) >= 0.87
    assert recovered(100, launches=5, seed=7) >= 0.9
