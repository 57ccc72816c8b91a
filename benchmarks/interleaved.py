"""Contenders in turns, in one process, in an order drawn anew for every round.

    round 1    b b b  a  c c      each fills about ROUND_NS with calls
    round 2    a  c c  b b b      a ratio is the median over the rounds of the ratios
    ...                           within a round, so that slow moments hit both sides

A turn is played twice, and timed the second time, when caches hold what this contender
uses, not what another has left; calls of more than WARM_NS warm themselves.

One clock for all: the processor time of this thread, which other load on the machine
disturbs less; or wall time, where a contender has more threads than one.
"""

from collections.abc import Callable, Mapping
from time import thread_time_ns
from typing import Any

import numpy as np

ROUND_NS = 10_000_000
WARM_NS = 30_000_000
MOST_CALLS = 100

Run = Callable[[], object]
Clock = Callable[[], int]
Times = dict[str, Any]  # label -> a float64 per round


def in_turns(takes: Mapping[str, Callable[[], float]], rounds: int) -> Times:
    """Return what each contender takes in each round."""
    random = np.random.default_rng(1)  # the same on all ranks
    labels = list(takes)
    times = {label: np.empty(rounds) for label in labels}
    for turn in range(rounds):
        for place in random.permutation(len(labels)):
            times[labels[place]][turn] = takes[labels[place]]()
    return times


def measure(
    runs: Mapping[str, Run],
    rounds: int,
    others: Mapping[str, Callable[[], float]] | None = None,
    clock: Clock = thread_time_ns,
) -> Times:
    """Return the ns that a call of each contender takes, round by round.

    `others` take turns, too, and tell themselves what they take, e.g. a peak.
    """
    takes = {label: _repeated(run, clock) for label, run in runs.items()}
    return in_turns({**takes, **(others or {})}, rounds)


def _repeated(run: Run, clock: Clock) -> Callable[[], float]:
    once_ns = max(1.0, time_ns(run, 1, clock))
    calls = max(1, min(MOST_CALLS, int(ROUND_NS / once_ns)))

    def take() -> float:
        if once_ns < WARM_NS:
            time_ns(run, calls, clock)
        return time_ns(run, calls, clock)

    return take


def time_ns(run: Run, calls: int, clock: Clock = thread_time_ns) -> float:
    """Return the ns that one of `calls` calls takes."""
    begun = clock()
    for _ in range(calls):
        run()
    return (clock() - begun) / calls


def fastest(times: Times, prefix: str = "") -> str:
    """Return the contender of the least median among those of a prefix."""
    labels = [label for label in times if label.startswith(prefix)]
    return min(labels, key=lambda label: float(np.median(times[label])))


def verdict(ratios: Any, least: float = 0.0) -> tuple[str, bool]:
    """Return median, quartiles and bar of ratios as text, and whether it holds."""
    low, middle, high = (float(q) for q in np.percentile(ratios, [25, 50, 75]))
    holds = middle >= least
    told = f" {'within' if holds else 'BEYOND'} {least:.2f}" if least else ""
    return f"{middle:6.2f} [{low:.2f}, {high:.2f}]{told}", holds
