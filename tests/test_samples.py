"""Samples: makespans, lateness, lost processors, and the row that is kept of them."""

import numpy as np

from tenbin import samples
from tenbin.measure import RAW_LIMIT
from tenbin.samples import Block
from tests.blocks import FACTS, block


def test_a_drifting_clock_leaves_the_longest_local_time() -> None:
    skewed = block([1000, 1000, 1000], ranks=2)
    skewed.entry_ns[:, 1] += (10**6, 2 * 10**6, 3 * 10**6)
    skewed.exit_ns[:, 1] += (10**6, 2 * 10**6, 3 * 10**6)

    assert skewed.makespans.tolist() == [1000500, 2000500, 3000500]
    assert samples.local(skewed).makespans.tolist() == [1000, 1000, 1000]


def test_lateness_is_measured_against_the_window_and_the_operation() -> None:
    entry = np.array([1500, 2500, 2500, 9000])
    exit = entry + np.array([100, 100, 10**6, 100])
    window = np.array([1000, 1000, 1000, 0])

    late = samples.started_late(entry, exit, window)

    assert late.tolist() == [False, True, False, False]


def test_losing_the_processor_takes_a_switch_and_time() -> None:
    wall, cpu = np.array([1000] * 4), np.array([1000, 500, 500, 990])
    switches = np.array([0, 0, 1, 3])

    lost = samples.lost_processor(wall, cpu, switches)

    assert lost.tolist() == [False, False, True, False]


def test_row_counts_from_the_first_entry_of_each_repetition() -> None:
    row = samples.to_row(block([10, 20], ranks=2), 2, FACTS)

    assert row.entry_ns == [[0, 0], [0, 0]]
    assert row.exit_ns == [[10, 5], [20, 10]]
    assert not row.condensed


def test_many_numbers_are_condensed_without_changing_a_makespan() -> None:
    parts = [block(range(100, 1100), ranks=40) for _ in range(3)]

    kept: list[Block] = []
    for part in parts:
        kept = samples.keep([*kept, part])
    timed = samples.join(kept)
    row = samples.to_row(timed, 40, FACTS)

    assert RAW_LIMIT < 3 * 1000 * 40
    assert row.condensed
    assert np.shape(row.entry_ns) == (3000, 1)
    assert timed.makespans.tolist() == samples.join(parts).makespans.tolist()
