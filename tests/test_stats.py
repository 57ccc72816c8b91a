"""Statistics: against enumeration, simulation and cases known by heart."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenbin import stats

times = st.lists(st.integers(1, 10**9), min_size=1, max_size=200)


def test_makespan_spans_first_entry_to_last_exit() -> None:
    assert stats.makespans([[0, 5], [7, 3]], [[10, 9], [8, 20]]).tolist() == [10, 17]


@pytest.mark.parametrize("count", range(1, 40))
def test_interval_rank_is_the_exact_binomial(count: int) -> None:
    def coverage(k: int) -> float:
        return 1.0 - sum(math.comb(count, i) for i in range(k)) / 2.0 ** (count - 1)

    k = stats.interval_rank(count)

    assert k == 0 or coverage(k) >= 0.95
    assert coverage(k + 1) < 0.95


def test_no_interval_from_fewer_than_six_values() -> None:
    assert math.isnan(stats.median_interval([1, 2, 3, 4, 5])[0])
    assert stats.half_width([1, 2, 3, 4, 5]) == math.inf
    assert stats.median_interval([1, 2, 3, 4, 5, 6]) == (1, 6)


@pytest.mark.parametrize("count", [6, 10, 15, 33, 100])
@pytest.mark.parametrize("draw", ["exponential", "normal", "bimodal"])
def test_interval_covers_the_true_median(count: int, draw: str) -> None:
    random = np.random.default_rng(count)
    shape = (4000, count)
    values, median = {
        "exponential": (random.exponential(size=shape), math.log(2)),
        "normal": (random.normal(5.0, 1.0, shape), 5.0),
        "bimodal": (random.choice([1.0, 3.0], shape) + random.random(shape) - 0.5, 2.0),
    }[draw]

    k = stats.interval_rank(count)
    ordered = np.sort(values, axis=1)
    covered = np.mean((ordered[:, k - 1] <= median) & (median <= ordered[:, -k]))

    nominal = 1 - 2 * sum(math.comb(count, i) for i in range(k)) / 2**count
    assert 0.94 <= covered <= 0.99
    assert covered == pytest.approx(nominal, abs=0.012)


@given(times)
def test_interval_holds_the_median_and_does_not_depend_on_order(
    values: list[int],
) -> None:
    low, high = stats.median_interval(values)

    if not math.isnan(low):
        assert low <= np.median(values) <= high
        assert (low, high) == stats.median_interval(values[::-1])


@given(times.filter(lambda v: len(v) > 8), st.integers(0, 7))
def test_one_outlier_moves_the_interval_only_by_neighbours(
    values: list[int], where: int
) -> None:
    spoiled = [*values]
    spoiled[where] = 10**15

    k = stats.interval_rank(len(values))
    low, high = stats.median_interval(spoiled)

    ordered = sorted(values)
    assert low <= ordered[min(k, len(values) - 1)]
    assert high <= ordered[-k + 1] if k > 1 else high == 10**15


@given(st.permutations(range(10)))
def test_mann_whitney_is_close_to_the_exact_permutation_test(order: list[int]) -> None:
    exact = np.array([sum(pick) for pick in itertools.combinations(range(10), 5)])
    distance = abs(sum(order[:5]) - 22.5)

    p = stats.mann_whitney(order[:5], order[5:])

    assert p == pytest.approx(np.mean(abs(exact - 22.5) >= distance), abs=0.03)
    assert (p > 0.05) == (np.mean(abs(exact - 22.5) >= distance) > 0.05)


@given(st.lists(st.integers(0, 2), min_size=12, max_size=12))
def test_mann_whitney_has_the_variance_of_all_permutations(values: list[int]) -> None:
    wins = np.sign(np.subtract.outer(values, values)).sum(axis=1) / 2
    picks = np.array(list(itertools.combinations(range(12), 6)))
    spread = np.std(wins[picks].sum(axis=1))
    distance = max(abs(wins[:6].sum()) - 0.5, 0.0)

    p = stats.mann_whitney(values[:6], values[6:])

    exact = math.erfc(distance / spread / math.sqrt(2)) if spread > 0 else 1.0
    assert p == pytest.approx(exact)


@given(times, times)
def test_mann_whitney_is_a_symmetric_probability(
    first: list[int], second: list[int]
) -> None:
    p = stats.mann_whitney(first, second)

    assert 0.0 <= p <= 1.0
    assert p == pytest.approx(stats.mann_whitney(second, first))


def test_mann_whitney_finds_no_difference_between_constants() -> None:
    assert stats.mann_whitney([3] * 5, [3] * 7) == 1.0


def test_equal_times_are_steady_and_a_step_is_not() -> None:
    assert stats.steady([7] * 10)
    assert not stats.steady([9, 8, 9, 8, 9, 1, 2, 1, 2, 1])


def test_longer_series_are_judged_by_longer_blocks() -> None:
    trend = [1000 + i + 7 * (i % 3) for i in range(40)]

    assert not stats.steady(trend)
    assert stats.steady(trend[-10:])


def test_too_short_a_series_is_not_known_to_be_steady() -> None:
    assert not stats.steady([7] * 9)


def test_steady_alarms_on_a_steady_machine_are_few() -> None:
    random = np.random.default_rng(3)

    alarms = [not stats.steady(random.lognormal(size=40)) for _ in range(2000)]

    assert np.mean(alarms) < 0.07


def test_percentiles_need_data() -> None:
    assert stats.percentile(range(99), 95) is None
    assert stats.percentile(range(101), 95) == 95
    assert stats.percentile(range(101), 5) == 5
    assert stats.percentile(range(999), 99) is None
    assert stats.percentile(range(1001), 99) == 990
    assert stats.percentile(range(3), 50) == 1
    assert stats.percentile(range(9999), 99.9) is None


def test_one_slow_time_is_an_outlier_and_noise_is_not() -> None:
    values = [100, 101, 102, 103, 104, 105, 300]

    assert stats.outliers(values).tolist() == [False] * 6 + [True]
    assert not stats.outliers([100] * 10 + [105]).any()


@given(st.integers(2, 8), st.data())
def test_straggler_is_found_among_any_ranks(ranks: int, data: st.DataObject) -> None:
    slow = data.draw(st.integers(0, ranks - 1))
    random = np.random.default_rng(ranks)
    exits = random.integers(0, 100, (50, ranks))
    exits[:, slow] += 1000

    found = stats.straggler(exits)

    assert (found.rank, found.share) == (slow, 1.0)
    assert found.chi_square == pytest.approx(50 * (ranks - 1))
    assert found.p_value < 1e-6


def test_equal_ranks_have_no_straggler() -> None:
    random = np.random.default_rng(5)

    p_values = [
        stats.straggler(random.integers(0, 10**6, (200, 4))).p_value for _ in range(500)
    ]

    assert 0.02 <= np.mean(np.array(p_values) < 0.05) <= 0.08


def test_ties_are_nobodys_fault() -> None:
    found = stats.straggler(np.zeros((30, 4), dtype=np.int64))

    assert found.chi_square == pytest.approx(0.0)
    assert found.share == pytest.approx(0.25)
    assert stats.straggler(np.zeros((30, 1), dtype=np.int64)).p_value == 1.0
