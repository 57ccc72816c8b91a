"""The twelve rules find what breaks them, name the rule, and are silent otherwise."""

from collections.abc import Iterable
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from msgspec.structs import replace

from tenbin.record import Record
from tenbin.results import rules, scaling, table
from tenbin.results.figures import FIGURES
from tenbin.results.figures.ladder import SERIES
from tenbin.results.figures.series import mark_shown
from tenbin.results.lint import RULES, Finding, lint, summary
from tenbin.results.store import Run
from tenbin.results.subject import Facts, Subject, run_facts
from tests.builders import create_info, create_record, create_study


def launches_of(records: Iterable[Record]) -> pd.DataFrame:
    return table.launches([Run(create_info(), list(records))])


def ladder(launches: int = 6, power: float = 0.9) -> list[Record]:
    return [
        create_record(
            scaling="strong",
            ranks=p,
            time_s=0.1 / p**power * (1 + 0.002 * i),
            launch=i,
        )
        for p in (1, 2, 4)
        for i in range(launches)
    ]


def strong(records: Iterable[Record], runs: Facts | None = None) -> Subject:
    points = mark_shown(scaling.strong(launches_of(records)), SERIES)
    return Subject(points, runs=runs or {})


def broken(subject: Subject) -> dict[int, str]:
    return {found.rule: found.sentence for found in lint(subject)}


def test_a_good_ladder_breaks_no_rule() -> None:
    assert lint(strong(ladder())) == []


def test_no_points_break_no_rule() -> None:
    assert lint(Subject(launches_of([]))) == []


def test_a_speed_up_needs_its_base() -> None:
    points = strong(ladder()).points.drop(columns="base_s")
    alone = [replace(r, flags=["oversubscribed"]) for r in ladder()]

    assert "without the time of their base" in broken(Subject(points))[1]
    assert "without a reference" in broken(strong(alone))[1]


def test_failures_are_counted() -> None:
    records = [
        replace(r, status="failed", samples=None, check=None) if r.ranks == 4 else r
        for r in ladder()
    ]

    assert broken(strong(records)) == {2: "1 of 3 points failed or is wrong: no time."}


def test_lost_launches_are_counted() -> None:
    first, *rest = ladder(7)
    lost = replace(first, status="failed", samples=None, check=None)

    assert broken(strong([lost, *rest])) == {
        2: "1 of 3 points lack launches that failed."
    }


def test_a_part_needs_a_reason() -> None:
    subject = strong(ladder())
    points = subject.points.assign(shown=[True, True, False])

    assert broken(Subject(points, "Some.")) == {2: "Drawn without a reason: 2 of 3."}
    assert broken(Subject(points, "Drawn: the largest.")) == {}


def test_a_mean_is_named() -> None:
    points = strong(ladder()).points.assign(statistic="mean")

    assert broken(Subject(points)) == {3: "All 3 points are a mean, not a median."}


def test_ratios_need_times() -> None:
    bare = Subject(pd.DataFrame({"ratio": [0.5]}))

    assert list(rules.ratios(bare)) == ["Ratios without the times they are made of."]


def test_few_launches_cover_little() -> None:
    assert "down to 75 % coverage" in broken(strong(ladder(3)))[5]
    assert "no interval" in broken(strong(ladder(1)))[5]


def test_bars_say_how_they_were_made() -> None:
    points = strong(ladder()).points

    assert 6 in broken(Subject(points, "Bars: two sigma."))
    assert broken(Subject(points, "Bars: 95 % bootstrap.")) == {}


def test_a_ratio_around_one_is_no_difference() -> None:
    rows: dict[str, Any] = {
        "ratio": 1.0,
        "ratio_low": [0.9, 1.1, float("nan")],
        "ratio_high": 1.2,
    }
    points = strong(ladder()).points.assign(**rows)

    sentences = [one.sentence for one in lint(Subject(points)) if one.rule == 7]

    assert sentences == [
        "1 of 3 points compared without an interval: not decided.",
        "1 of 3 points cannot be told from the base.",
    ]


def test_launches_that_disagree_are_counted() -> None:
    wild = [
        create_record(scaling="strong", ranks=1, time_s=0.1 * (1 + i), launch=i)
        for i in range(6)
    ]

    assert "vary by more than 10 %" in broken(strong(wild))[8]


def test_mixed_software_and_hardware_on_one_curve() -> None:
    records = [replace(r, run_id=f"run-{1 + (r.ranks == 4)}") for r in ladder()]
    cpu = {"model": "Example 9", "cores_allowed": 4}
    other = create_info(run_id="run-2", machine={"hostname": "laptop", "cpu": cpu})
    mixed, same = (
        run_facts([create_info(), info])
        for info in (other, create_info(run_id="run-2"))
    )

    found = broken(strong(records, mixed))[9]

    assert found.startswith("Mixed on one curve: ")
    assert "MPI (MPICH 4.3.0 and unknown)" in found
    assert "processor (Example 7 5800X and Example 9)" in found
    assert broken(strong(records, same)) == {}


def test_other_threads_on_other_ranks() -> None:
    records = [replace(r, details={"threads": 4 // r.ranks}) for r in ladder()]

    assert "ranks are not resources" in broken(strong(records))[9]


def test_oversubscribed_points_are_counted() -> None:
    records = [
        replace(r, flags=["oversubscribed"]) if r.ranks == 4 else r for r in ladder()
    ]

    assert "1 of 3 points ran with more ranks than cores" in broken(strong(records))[9]


def test_a_start_without_a_clock() -> None:
    records = [replace(r, flags=["unsynchronised"]) for r in ladder()]

    assert broken(strong(records)) == {
        10: "All 3 points started without a common clock."
    }


def test_beyond_the_bounds() -> None:
    assert "superlinear" in broken(strong(ladder(power=1.5)))[11]
    fast = broken(strong([replace(r, flops=10**13) for r in ladder()]))
    assert "above the measured peak" in fast[11]


def test_no_bound_where_no_peak_is_known() -> None:
    info = create_info(machine={"hostname": "laptop"})
    cases = table.cases(table.launches([Run(info, ladder())]))

    assert "no peak was measured" in broken(Subject(cases))[11]


def _figure(style: str) -> Figure:
    figure = Figure()
    axes = figure.add_subplot()
    axes.plot([0, 1, 2], [1.0, 2.0, 3.0], style)
    axes.axhline(1.0)
    axes.set_xticks([0, 1, 2], ["apple", "pear", "plum"])
    return figure


def test_no_line_between_names() -> None:
    points = strong(ladder()).points

    assert "categories" in broken(Subject(points, figure=_figure("o-")))[12]
    assert broken(Subject(points, figure=_figure("o"))) == {}


def test_our_own_figures_keep_the_rules_of_drawing() -> None:
    rows = launches_of(create_study(6))
    for name, spec in FIGURES.items():
        for group in spec.groups(rows):
            points = spec.points(group)
            found = broken(Subject(points, spec.caption(points), spec.draw(points)))
            assert not {1, 3, 4, 6, 10, 12} & {*found}, (name, found)


def test_the_summary_counts_figures_by_rule() -> None:
    text = summary([[Finding(5, "a"), Finding(5, "b")], [Finding(5, "c")], []])

    assert "Of 3 figures" in text
    assert "rule 5, what varies has an interval: 2" in text
    assert "All twelve are kept by 1 figure" in summary([[]])
    assert list(RULES) == list(range(1, 13))
