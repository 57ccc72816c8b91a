"""Comparing two runs: no false alarm, no missed slow-down, nothing kept silent."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from benchmarks.analysis_bars import alarms, power
from tenbin.cli.compare import command
from tenbin.errors import NoDataError, UsageError
from tenbin.results import comparison_text, table
from tenbin.results.compare import Comparison, compare, compare_runs
from tenbin.results.figures import comparison as figure
from tenbin.results.store import Run
from tests.builders import MACHINE, create_info, create_record, create_run
from tests.noisy import sweep_records

HOSTILE = "a|b`c\n<script>@team {x}"
Factor = Callable[[int], float]


def run(run_id: str, **sweep: Any) -> Run:
    return Run(create_info(run_id=run_id), sweep_records(run_id, **sweep))


def compared(base: Run, new: Run, threshold: float = 0.03) -> Comparison:
    return compare_runs([base], [new], threshold)


def verdicts(found: Comparison) -> dict[int, str]:
    sizes = found.rows["message_bytes"].astype(int)
    return dict(zip(sizes, found.rows["verdict"], strict=True))


def big(size: int) -> float:
    return 1.08 if size > 2**16 else 1.0


def test_finds_what_is_slower_and_only_that() -> None:
    found = compared(run("base"), run("new", factor=big))

    slower = {size for size, verdict in verdicts(found).items() if verdict == "slower"}
    assert slower == {2**19, 2**23}
    assert found.regressed
    assert len(found.regressions) == 2


def test_verdicts_turn_with_the_direction() -> None:
    there = verdicts(compared(run("base"), run("new", factor=big)))
    back = verdicts(compared(run("new", factor=big), run("base")))

    turned = {"slower": "faster", "faster": "slower"}
    assert {size: turned.get(v, v) for size, v in there.items()} == back
    assert "slower" in there.values()


def test_quiet_runs_of_the_same_code_are_the_same() -> None:
    found = compared(run("base", noise=0.001), run("new", noise=0.001))

    assert set(verdicts(found).values()) == {"same"}
    assert found.overall["verdict"] == "same"
    assert not found.regressed


def test_a_difference_below_the_threshold_is_no_regression() -> None:
    slow = run("new", noise=0.002, factor=lambda size: 1.05)

    assert compared(run("base", noise=0.002), slow, threshold=0.03).regressed
    assert not compared(run("base", noise=0.002), slow, threshold=0.10).regressed


def test_three_launches_can_decide_nothing() -> None:
    found = compared(
        run("base", launches=3), run("new", launches=3, factor=lambda size: 2.0)
    )

    assert set(verdicts(found).values()) == {"undecided"}
    (told,) = comparison_text.advice(found)
    assert told == "3 launches can decide nothing: run 2 more of each."


def test_one_launch_is_no_comparison() -> None:
    found = compared(run("base", launches=1), run("new", launches=1))

    assert set(verdicts(found).values()) == {"undecided"}
    assert "1 launch can decide nothing" in comparison_text.advice(found)[0]


def test_noise_asks_for_more_launches_and_says_how_many() -> None:
    found = compared(run("base", noise=0.02), run("new", noise=0.02))

    (told,) = comparison_text.advice(found)
    assert "more launches of each to tell 3 %" in told
    undecided = found.rows[found.rows["verdict"] == "undecided"]
    assert (undecided["more_launches"] >= 1).all()


def test_hopeless_noise_is_called_so() -> None:
    found = compared(run("base", noise=0.3), run("new", noise=0.3))

    assert "find the noise first" in comparison_text.advice(found)[0]


def test_a_case_that_lost_its_time_is_a_regression() -> None:
    records = sweep_records("new")
    broken = create_record(
        **{**_fields(records[0]), "status": "failed", "reason": "rank 0 died"}
    )
    rest = [one for one in records if one.case != broken.case]

    found = compared(run("base"), Run(create_info(run_id="new"), [*rest, broken]))

    assert found.rows["verdict"].tolist().count("failed") == 1
    assert found.regressed
    assert "failed: rank 0 died" in {row[-1] for row in comparison_text.cells(found)}


def test_all_cases_lost() -> None:
    broken = [
        create_record(**{**_fields(one), "status": "failed", "reason": "no"})
        for one in sweep_records("new")
    ]

    found = compared(run("base"), Run(create_info(run_id="new"), broken))

    assert set(verdicts(found).values()) == {"failed"}
    assert found.regressed
    assert "6 failed" in comparison_text.summary(found)


def _fields(record: Any) -> dict[str, Any]:
    names = ("run_id", "launch", "kernel", "variant", "ranks", "label", "problem")
    work = ("flops", "bytes", "message_bytes")
    return {name: getattr(record, name) for name in (*names, *work)}


def test_missing_launches_of_a_case_do_not_disturb_the_others() -> None:
    records = sweep_records("new", factor=big)
    fewer = [one for one in records if not (one.launch == 4 and one.label == "8B")]

    whole = compared(run("base"), run("new", factor=big))
    found = compared(run("base"), Run(create_info(run_id="new"), fewer))

    assert verdicts(found)[2**23] == verdicts(whole)[2**23] == "slower"
    assert found.rows["new_launches"].tolist().count(4) == 1


def test_cases_of_one_side_are_named() -> None:
    found = compared(run("base", powers=(3, 7)), run("new", powers=(7, 11)))

    assert found.rows["label"].tolist() == ["128B"]
    assert [text.split(":")[0] for text in found.unmatched] == [
        "only in base",
        "only in new",
    ]


def test_no_common_case_is_no_data() -> None:
    with pytest.raises(NoDataError, match="no case has a time in both"):
        compared(run("base", powers=(3,)), run("new", powers=(7,)))


def test_says_what_software_and_machine_differ() -> None:
    machine = MACHINE | {"hostname": "other", "mpi": {"name": "MPICH", "version": "5"}}
    new = Run(create_info(run_id="new", machine=machine), sweep_records("new"))

    found = compared(run("base"), new)

    assert "machine: laptop -> other" in found.differences
    assert "MPI: MPICH 4.3.0 -> MPICH 5" in found.differences
    assert "MPI: MPICH 4.3.0" in comparison_text.markdown(found).replace("\\", "")


def test_several_machines_are_not_mixed() -> None:
    other = create_info(run_id="more", machine=MACHINE | {"hostname": "other"})
    both = [run("base"), Run(other, sweep_records("more"))]

    with pytest.raises(UsageError, match="several machines"):
        compare_runs(both, [run("new")])


def test_markdown_is_safe_with_hostile_names() -> None:
    records = [
        create_record(run_id=name, launch=launch, variant=HOSTILE, seed=launch)
        for name in ("base", "new")
        for launch in range(5)
    ]
    sides = [
        Run(create_info(run_id=name), [r for r in records if r.run_id == name])
        for name in ("base", "new")
    ]

    text = comparison_text.markdown(compared(sides[0], sides[1]))

    assert "<script>" not in text
    assert "@team" not in text
    assert all(
        line.replace("\\|", "").count("|") == 9
        for line in text.splitlines()
        if line.startswith("|")
    )


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown"])
def test_every_format_and_the_exit_code(tmp_path: Path, form: str) -> None:
    create_run(tmp_path / "a", sweep_records("base"), run_id="base")
    create_run(tmp_path / "b", sweep_records("new", factor=big), run_id="new")
    arguments = [str(tmp_path / "a"), str(tmp_path / "b"), "--format", form]

    done = CliRunner().invoke(command, arguments, standalone_mode=False)

    assert done.return_value == 1
    assert "slower" in done.stdout
    if form == "json":
        told = json.loads(done.stdout)
        assert told["regressed"] is True
        assert len(told["cases"]) == 6


def test_draws_the_ratios(tmp_path: Path) -> None:
    create_run(tmp_path / "a", sweep_records("base"), run_id="base")
    create_run(tmp_path / "b", sweep_records("new", factor=big), run_id="new")
    picture = tmp_path / "ratios.png"
    arguments = [str(tmp_path / "a"), str(tmp_path / "b"), "--figure", str(picture)]

    CliRunner().invoke(command, arguments, standalone_mode=False)

    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_figure_of_very_many_cases_shows_the_farthest() -> None:
    found = compared(
        run("base", powers=range(60), noise=0.002),
        run("new", powers=range(60), noise=0.002, factor=big),
    )

    points = figure.points(found.rows, found.threshold)

    assert points["shown"].sum() == figure.MOST
    assert (points.loc[points["verdict"] == "slower", "shown"]).sum() == 40
    assert "Drawn: 40 of 60 cases" in figure.caption(points)
    figure.comparison(points)


def test_an_empty_launch_table_is_no_data() -> None:
    empty = table.launches([])

    with pytest.raises(NoDataError):
        compare(empty, empty)


def test_rows_are_the_cases_once() -> None:
    found = compared(run("base"), run("new"))

    assert isinstance(found.rows, pd.DataFrame)
    assert found.rows["case"].is_unique
    ratio = found.rows["new_s"] / found.rows["base_s"]
    np.testing.assert_allclose(found.rows["ratio"], ratio)


@pytest.mark.slow
def test_false_alarms_are_rare() -> None:
    assert alarms(simulations=150, seed=2) <= 0.09


@pytest.mark.slow
def test_finds_five_percent() -> None:
    assert power(40, 0.01, 0.01, seed=2) >= 0.9
