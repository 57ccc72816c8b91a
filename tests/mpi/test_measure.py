"""Measuring under real ranks: tasks whose durations are known."""

import math
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from mpi4py import MPI

from tenbin import clock as clocks
from tenbin import samples, starts, stats
from tenbin.check import Check
from tenbin.clock import Clock, synchronise
from tenbin.kernel import Task
from tenbin.measure import Outcome, Rule, measure

COMM = MPI.COMM_WORLD
QUICK = Rule(budget_s=0.1, max_repetitions=40)
RIGHT = Check(ok=True, error=0.5, method="exact")


def weigh(
    run: Callable[[], object],
    rule: Rule = QUICK,
    check: Callable[[], Check] = Check.none,
    reset: Callable[[int], object] = lambda repetition: None,
) -> Outcome:
    task = Task(run=run, reset=reset, check=check)
    return measure(COMM, task, rule, synchronise(COMM))


def makespans(outcome: Outcome) -> stats.Stamps:
    return stats.makespans(outcome.samples.entry_ns, outcome.samples.exit_ns)


@pytest.mark.parametrize("start", ["auto", "window", "barrier"])
def test_makespan_is_that_of_a_known_duration(start: str) -> None:
    outcome = weigh(lambda: time.sleep(0.005), Rule(budget_s=0.1, start=start))

    if COMM.rank == 0:
        assert makespans(outcome).min() >= 5_000_000
        if "oversubscribed" not in outcome.flags:
            assert np.median(makespans(outcome)) < 15_000_000
        assert np.shape(outcome.samples.entry_ns)[1] == COMM.size
        assert min(map(min, outcome.samples.entry_ns)) == 0
    assert (outcome.samples.start == "none") == (COMM.size == 1)


@pytest.mark.parametrize("start", ["window", "barrier"])
def test_straggler_is_visible_and_sets_the_makespan(start: str) -> None:
    crowded = starts.crowded(COMM)
    if crowded and start == "window":
        pytest.skip(f"{COMM.size} ranks: those that spin keep others from their start")
    slow = COMM.size - 1
    nap_s = 0.02 if COMM.rank == slow else 0.001

    outcome = weigh(lambda: time.sleep(nap_s), Rule(budget_s=0.2, start=start))

    if COMM.rank == 0:
        assert stats.straggler(outcome.samples.exit_ns).rank == slow
        assert np.median(makespans(outcome)) >= 20_000_000
        assert crowded or np.median(makespans(outcome)) < 40_000_000


def test_a_course_is_timed_as_often_as_it_says_without_a_warm_up() -> None:
    seen: list[int] = []
    task = Task(lambda: time.sleep(0.001), reset=seen.append, repetitions=7)

    outcome = measure(COMM, task, Rule(budget_s=1e-6), synchronise(COMM))

    assert seen == list(range(7))
    assert outcome.samples.warmup_ns == []
    assert "unsteady" not in outcome.flags
    if COMM.rank == 0:
        assert len(outcome.samples.entry_ns) == 7
        assert outcome.samples.stop == "repetitions"


def test_a_slow_reset_is_not_timed() -> None:
    outcome = weigh(lambda: None, reset=lambda repetition: time.sleep(0.003))

    if COMM.rank == 0:
        assert np.min(makespans(outcome)) < 2_000_000  # whoever else runs here
        assert outcome.samples.stop in {"budget", "precision", "repetitions"}


def test_ranks_agree_on_counts_and_number_every_repetition() -> None:
    seen: list[int] = []
    other = np.zeros(1)

    outcome = weigh(
        lambda: COMM.Allreduce(MPI.IN_PLACE, other),
        reset=seen.append,
        rule=replace(QUICK, start="barrier"),  # no start to give up half-way
    )

    counts = COMM.allgather(len(seen))
    assert seen == list(range(len(seen)))
    assert counts == [len(seen)] * COMM.size
    if COMM.rank == 0:
        timed = len(outcome.samples.entry_ns)
        assert len(seen) == timed + len(outcome.samples.warmup_ns)
        assert len(outcome.samples.cpu_ns) == timed


def test_first_random_and_last_timed_repetitions_are_checked() -> None:
    latest, checked = [0], list[int]()

    def note() -> Check:
        checked.append(latest[0])
        return RIGHT

    outcome = weigh(
        lambda: sum(range(latest[0] % 5 * 100)),  # uneven, so never precise
        Rule(budget_s=5.0, precision=1e-9, max_repetitions=40, start="barrier"),
        note,
        lambda repetition: latest.__setitem__(0, repetition),
    )

    warm = len(COMM.bcast(outcome.samples.warmup_ns))
    assert checked[0] == warm
    assert checked[-1] == latest[0] == warm + 39
    assert len(checked) == outcome.check.repetitions == 3
    assert outcome.check.ok
    assert outcome.samples.stop == "repetitions" or COMM.rank > 0


@pytest.mark.parametrize("error", [7.0, math.nan, math.inf])
def test_one_wrong_rank_is_wrong_for_all_and_ends_the_measurement(error: float) -> None:
    wrong = Check(ok=math.isnan(error), error=error, method="exact")
    calls: list[int] = []

    outcome = weigh(
        lambda: None,
        check=lambda: wrong if COMM.rank == COMM.size - 1 else RIGHT,
        reset=calls.append,
    )

    same_for_all = COMM.bcast(outcome.check) == outcome.check
    assert same_for_all
    assert not outcome.check.ok
    assert outcome.check.error == (error if math.isfinite(error) else None)
    assert outcome.check.repetitions == 1
    assert outcome.samples.stop == "check"
    assert COMM.rank > 0 or len(outcome.samples.entry_ns) == 1


def test_a_task_without_a_check_says_so() -> None:
    outcome = weigh(lambda: None)

    assert (outcome.check.method, outcome.check.repetitions) == ("", 0)
    assert outcome.check.ok


def test_a_call_over_budget_still_gives_three_repetitions() -> None:
    outcome = weigh(lambda: time.sleep(0.05), Rule(budget_s=0.01))

    if COMM.rank == 0:
        assert len(outcome.samples.warmup_ns) == 1
        assert len(outcome.samples.entry_ns) == 3
        assert outcome.samples.stop == "budget"


def test_window_is_used_where_every_rank_has_a_processor() -> None:
    outcome = weigh(lambda: time.sleep(0.001))

    crowded = starts.crowded(COMM)
    assert ("oversubscribed" in outcome.flags) == crowded
    if COMM.size > 1:
        given_up = crowded or "late" in outcome.flags
        assert outcome.samples.start == "window" or given_up


def test_windows_start_ranks_closer_together_than_barriers() -> None:
    if COMM.size == 1 or starts.crowded(COMM):
        pytest.skip(f"{COMM.size} ranks: needs 2 or more, each with a processor")
    rules = [Rule(start=start, precision=1e-9) for start in ("window", "barrier")]

    window, barrier = (weigh(lambda: None, rule) for rule in rules)

    if "late" in window.flags:
        pytest.skip("something else runs here: over 5 % of the windows came late")
    if COMM.rank == 0:
        skews = [
            np.median(np.ptp(outcome.samples.entry_ns, axis=1))
            for outcome in (window, barrier)
        ]
        assert skews[0] < skews[1]


def test_a_bad_clock_falls_back_to_the_longest_local_time() -> None:
    bad = Clock(offset_ns=COMM.rank * 10**9, residual_s=1.0)
    task = Task(run=lambda: time.sleep(0.002))

    outcome = measure(COMM, task, QUICK, bad)

    assert ("unsynchronised" in outcome.flags) == (COMM.size > 1)
    if COMM.rank == 0:
        assert outcome.samples.start == ("barrier" if COMM.size > 1 else "none")
        assert outcome.samples.residual_ns >= 10**9
        assert np.median(makespans(outcome)) < 20_000_000


def test_a_clock_too_coarse_for_a_short_operation_is_not_used() -> None:
    if COMM.size == 1 or starts.crowded(COMM):
        pytest.skip(f"{COMM.size} ranks: needs 2 or more, each with a processor")

    outcome = measure(COMM, Task(run=lambda: None), QUICK, Clock(residual_s=0.9e-6))

    # A busy machine may make even an empty call long enough for this clock.
    coarse = outcome.samples.residual_ns > 0.1 * min(outcome.samples.warmup_ns)
    given_up = coarse or "late" in outcome.flags
    assert outcome.samples.start == "window" or given_up
    assert not coarse or outcome.samples.start == "barrier"
    assert ("unsynchronised" in outcome.flags) == coarse


def test_large_records_are_condensed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "RAW_LIMIT", 20 * COMM.size)
    rule = Rule(budget_s=5.0, min_repetitions=50, max_repetitions=50)

    outcome = weigh(lambda: None, rule)

    if COMM.rank == 0:
        assert outcome.samples.condensed
        assert np.shape(outcome.samples.exit_ns) == (50, 1)


def test_ranks_of_one_machine_share_a_clock() -> None:
    assert synchronise(COMM) == Clock()


def test_skewed_clocks_are_synchronised(monkeypatch: pytest.MonkeyPatch) -> None:
    if COMM.size == 1:
        pytest.skip("1 rank: needs 2 or more")
    monkeypatch.setattr(clocks, "DRIFT_BASE_S", 0.5)
    crowded = starts.crowded(COMM)
    skew = Clock(-COMM.rank * 10**12, -1e-3 * COMM.rank, time.perf_counter_ns())
    drift_error = 1e-2 if crowded else 3e-4

    def now() -> int:
        return skew.to_global(time.perf_counter_ns())

    found = synchronise(COMM, now=now, identity=f"machine {COMM.rank}")
    again = synchronise(COMM, found, now=now, identity=f"machine {COMM.rank}")

    # No collective call below: a rank that fails must not leave the others waiting.
    for clock in (found, again):
        true = time.perf_counter_ns()
        local = skew.to_global(true)
        aged_ns = drift_error * (local - clock.origin_ns)
        # Rank 0 is not skewed, so the common time is the true one.
        assert abs(clock.to_global(local) - true) <= clock.bound_s * 1e9 + aged_ns
        assert clock.residual_s <= clock.bound_s
        assert clock.drift == pytest.approx(1e-3 * COMM.rank, abs=drift_error)


def test_a_rank_that_raises_raises() -> None:
    if COMM.size > 1:
        pytest.skip(f"{COMM.size} ranks: the launcher ends the others")

    with pytest.raises(ZeroDivisionError):
        weigh(lambda: 1 / 0)
