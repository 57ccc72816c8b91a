"""The decisions of a measurement, driven with simulated machines instead of MPI."""

import math
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenbin import rule as rules
from tenbin import samples, stats
from tenbin.check import Check, worse
from tenbin.measure import Rule
from tenbin.samples import Block
from tests.blocks import FACTS, block

Machine = Callable[[int], int]


def drive(
    orders: Generator[int, Block, str], machine: Machine, **options: Any
) -> tuple[Block, list[int], str]:
    """Follow the orders on a machine that gives the time of each repetition."""
    blocks: list[Block] = []
    done = 0
    count = next(orders)
    while True:
        times = [machine(done + i) for i in range(count)]
        done += count
        blocks.append(block(times, **options))
        try:
            count = orders.send(blocks[-1])
        except StopIteration as end:
            return samples.join(blocks), [len(b.entry_ns) for b in blocks], end.value


def noisy(median_ns: int, share: float, seed: int = 1) -> Machine:
    """Return a machine of log-normal times."""
    random = np.random.default_rng(seed)
    return lambda repetition: int(median_ns * math.exp(share * random.normal()))


def test_a_steady_machine_is_warm_after_two_blocks_and_the_first_call() -> None:
    _, sizes, why = drive(rules.warm_up(Rule()), lambda repetition: 1000)

    assert (sizes, why) == ([1, 5, 5], "steady")


@pytest.mark.parametrize("slow", range(1, 11))
def test_a_slow_start_is_over_when_timing_begins(slow: int) -> None:
    machine = noisy(1000, 0.01)

    warm, _, why = drive(
        rules.warm_up(Rule()), lambda i: machine(i) * (3 if i < slow else 1)
    )

    assert why == "steady"
    assert warm.makespans[-1] < 2000


def test_a_step_after_two_equal_blocks_is_left_to_the_timed_repetitions() -> None:
    warm, _, why = drive(rules.warm_up(Rule()), lambda i: 3000 if i < 20 else 1000)

    assert (warm.makespans.tolist(), why) == ([3000] * 11, "steady")


def test_a_machine_that_keeps_getting_faster_is_capped_and_unsteady() -> None:
    rule = Rule(max_warmup=50)

    warm, _, why = drive(rules.warm_up(rule), lambda i: 10**6 - 1000 * i)

    assert (warm.makespans.size, why) == (50, "cap")
    flags = rules.judge(warm.makespans.tolist(), block([1000] * 20), rule)
    assert flags == {"unsteady"}


def test_timed_repetitions_prove_what_a_short_warm_up_could_not() -> None:
    steady, drifting = block([1000] * 20), block(range(1000, 3000, 100))

    assert rules.judge([1000] * 3, steady, Rule()) == set()
    assert "unsteady" in rules.judge([1000] * 3, drifting, Rule())


@pytest.mark.parametrize("seconds", [0.3, 2, 100])
def test_a_call_longer_than_its_budget_still_finishes(seconds: float) -> None:
    rule, call = Rule(budget_s=0.2), int(seconds * 1e9)

    warm, _, _ = drive(rules.warm_up(rule), lambda i: call)
    timed, _, why = drive(rules.repeat(rule, 1000), lambda i: call)

    assert warm.makespans.size == 1
    assert timed.makespans.size == rules.FEWEST_TIMED
    assert why == "budget"


def test_an_expensive_first_call_does_not_end_the_warm_up() -> None:
    warm, _, why = drive(rules.warm_up(Rule()), lambda i: 4 * 10**8 if i == 0 else 1000)

    assert why == "steady"
    assert warm.makespans.size > 10


@given(
    st.integers(100, 10**10),
    st.floats(0.0, 0.5),
    st.floats(0.01, 3.0),
    st.integers(1, 40),
    st.integers(40, 400),
)
def test_repetitions_keep_to_every_cap(
    median_ns: int, spread: float, budget_s: float, fewest: int, most: int
) -> None:
    rule = Rule(budget_s=budget_s, min_repetitions=fewest, max_repetitions=most)
    machine = noisy(median_ns, spread, most)

    timed, sizes, why = drive(rules.repeat(rule, 64), machine)

    n = timed.makespans.size
    assert min(rules.FEWEST_TIMED, most) <= n <= most
    assert max(sizes) <= 64
    if why == "precision":
        assert n >= fewest
        assert stats.half_width(timed.makespans) <= rule.precision
    if why == "repetitions":
        assert n == most
    if why == "budget":
        assert timed.spent_s * (n + 1) / n > budget_s


@given(st.integers(1, 10**9), st.integers(1, 30))
def test_budget_is_overrun_by_little_when_times_hardly_vary(
    median_ns: int, budget: int
) -> None:
    rule = Rule(budget_s=budget * median_ns / 1e9, precision=1e-9)

    timed, _, _ = drive(rules.repeat(rule, 1000), noisy(median_ns, 0.05))

    fewest_s = 1.3 * rules.FEWEST_TIMED * median_ns / 1e9
    assert timed.spent_s <= max(1.3 * rule.budget_s, fewest_s)


def test_resets_and_starts_count_towards_the_budget() -> None:
    rule = Rule(budget_s=0.1, precision=1e-9)

    timed, _, why = drive(rules.repeat(rule, 1000), noisy(1000, 0.2), overhead_ns=10**6)

    assert why == "budget"
    assert timed.makespans.size <= 110


def test_a_quiet_machine_stops_at_the_fewest_and_a_noisy_one_goes_on() -> None:
    quiet, _, _ = drive(rules.repeat(Rule(), 1000), noisy(1000, 0.001))
    loud, _, _ = drive(rules.repeat(Rule(), 1000), noisy(1000, 0.2))

    assert quiet.makespans.size == 10
    assert loud.makespans.size > 100


def test_one_outlier_does_not_keep_a_quiet_machine_busy() -> None:
    timed, _, why = drive(
        rules.repeat(Rule(), 1000), lambda i: 10**7 if i == 4 else 1000 + i % 3
    )

    assert why == "precision"
    assert timed.makespans.size == 10
    assert rules.judge([1000] * 10, timed, Rule()) == set()


def test_a_bimodal_machine_is_not_precise_until_its_median_is() -> None:
    random = np.random.default_rng(2)
    rule = Rule(max_repetitions=300)

    timed, _, why = drive(
        rules.repeat(rule, 1000), lambda i: int(random.choice([1000, 2000]))
    )

    assert why in {"repetitions", "precision"}
    if why == "repetitions":
        assert stats.half_width(timed.makespans) > rule.precision


def test_first_block_is_one_repetition_and_the_second_ends_at_random() -> None:
    ends = {
        drive(rules.repeat(Rule(seed=seed), 99), noisy(1000, 0.3))[1][1]
        for seed in range(50)
    }
    first = drive(rules.repeat(Rule(), 99), noisy(1000, 0.3))[1]

    assert first[0] == 1
    assert ends == set(range(1, 10))
    assert first == drive(rules.repeat(Rule(), 99), noisy(1000, 0.3))[1]


@given(st.integers(2, 6), st.data())
def test_a_straggler_sets_the_makespan(ranks: int, data: st.DataObject) -> None:
    slow = data.draw(st.integers(0, ranks - 1))

    timed, _, _ = drive(
        rules.repeat(Rule(), 99), noisy(10**5, 0.01), ranks=ranks, slow_rank=slow
    )

    assert np.median(timed.makespans) == pytest.approx(10**5, rel=0.05)
    assert stats.straggler(timed.exit_ns).rank == slow


def test_contamination_is_flagged_above_a_fifth() -> None:
    good, bad = block([1000] * 80), block([1000] * 20, lost=True)

    assert rules.judge([1] * 10, samples.join([good, bad]), Rule()) == set()
    worse_off = samples.join([good, bad, bad])
    assert rules.judge([1] * 10, worse_off, Rule()) == {"contaminated"}


def test_windows_that_come_late_are_given_up_where_a_barrier_may_do() -> None:
    rule = Rule(budget_s=1e9, precision=1e-9)

    for patient in (False, True):
        orders, ended = rules.repeat(rule, longest=100, patient=patient), ""
        count = next(orders)
        try:
            for _ in range(12):
                count = orders.send(block([10] * count, late=True))
        except StopIteration as end:
            ended = end.value
        assert (ended == "late") is not patient


def test_late_repetitions_are_kept_and_flagged() -> None:
    timed = samples.join([block([10] * 9), block([20], late=True)])

    assert rules.judge([1] * 10, timed, Rule()) == {"late"}
    assert samples.to_row(timed, 1, FACTS).late == [9]


checks = st.builds(
    Check, ok=st.booleans(), error=st.floats(0.0), method=st.sampled_from(["", "exact"])
)


@given(st.lists(checks, min_size=2, max_size=5), st.integers(0, 4))
def test_not_a_number_is_wrong_wherever_it_is(
    verdicts: list[Check], where: int
) -> None:
    verdicts.insert(min(where, len(verdicts)), Check(True, math.nan, "exact"))

    worst = verdicts[0]
    for verdict in verdicts[1:]:
        worst = worse(worst, verdict)

    assert not worst.ok
    assert worst.error == math.inf


@given(checks, checks)
def test_the_worse_verdict_is_right_only_if_both_are(one: Check, other: Check) -> None:
    worst = worse(one, other)

    assert worst.ok == (one.ok and other.ok)
    assert worst.error == max(one.error, other.error)
