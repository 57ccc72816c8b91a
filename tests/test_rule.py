"""The rule: how a measurement starts, when windows lengthen, what has no meaning."""

import math
from typing import Any

import pytest

from tenbin import rule as rules
from tenbin.errors import UsageError
from tenbin.rule import Rule


@pytest.mark.parametrize(
    ("wanted", "ranks", "crowded", "residual_ns", "start"),
    [
        ("auto", 1, False, 0, "none"),
        ("window", 1, True, 0, "none"),
        ("auto", 2, False, 0, "window"),
        ("auto", 2, True, 0, "barrier"),
        ("auto", 2, False, 1001, "barrier"),
        ("window", 2, True, 5000, "window"),
        ("barrier", 2, False, 0, "barrier"),
    ],
)
def test_start_fits_clock_and_processors(
    wanted: str, ranks: int, crowded: bool, residual_ns: int, start: str
) -> None:
    assert rules.first_start(Rule(start=wanted), ranks, crowded, residual_ns) == start


def test_clock_must_be_good_for_the_shortest_time() -> None:
    assert rules.synchronised(1000, [10_000, 20_000])
    assert not rules.synchronised(1001, [10**9])
    assert not rules.synchronised(200, [10**6, 1000])
    assert rules.synchronised(0, [0])


def test_windows_lengthen_until_few_are_late_and_not_for_ever() -> None:
    assert rules.next_lead(100, late=1, repetitions=100) == 100
    assert rules.next_lead(100, late=2, repetitions=100) == 100 * rules.LONGER
    assert rules.next_lead(150_000, late=9, repetitions=10) == rules.LONGEST_LEAD_NS


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": "soon"},
        {"budget_s": 0.0},
        {"precision": math.nan},
        {"min_repetitions": 0},
        {"min_repetitions": 9, "max_repetitions": 8},
        {"max_warmup": 0},
    ],
)
def test_rule_refuses_what_has_no_meaning(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Rule(**wrong)
