"""A gate opens on proof, closes on proof, and never on nothing."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.cli.gate import command
from tenbin.errors import NoDataError, UsageError
from tenbin.results.gate import METRICS, Bound, gate, read_bounds
from tenbin.results.store import Run
from tests.builders import create_info, create_record, create_run
from tests.noisy import long_ladder_records


def run(time_s: float = 1e-3, launches: int = 5, spread: float = 0.01) -> Run:
    records = [
        create_record(launch=i, seed=i, time_s=time_s * (1 + spread * i))
        for i in range(launches)
    ]
    return Run(create_info(), records)


def verdict(bound: Bound, made: Run) -> str:
    (found,) = gate([made], [bound])
    return found.verdict


def time_bound(at_most: float, method: str = "interval") -> Bound:
    return Bound("gemm/*", "time_s", at_most=at_most, method=method)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("at_most", "expected"),
    [(2e-3, "passed"), (0.5e-3, "failed"), (1.02e-3, "undecided")],
)
def test_the_whole_interval_decides(at_most: float, expected: str) -> None:
    assert verdict(time_bound(at_most), run()) == expected


@pytest.mark.parametrize(
    ("at_most", "expected"), [(1.05e-3, "passed"), (1e-3, "failed")]
)
def test_the_median_decides_alone_where_asked(at_most: float, expected: str) -> None:
    assert verdict(time_bound(at_most, "median"), run()) == expected


def test_rates_turn_the_interval_around() -> None:
    rate = 2 * 1024**3 / 1e-3
    (found,) = gate([run()], [Bound("gemm/*", "flop_per_s", at_least=rate * 0.9)])

    assert found.verdict == "passed"
    assert found.low < found.value < found.high


def test_two_launches_prove_nothing() -> None:
    (found,) = gate([run(launches=2)], [time_bound(1.0)])

    assert found.verdict == "undecided"
    assert "3 are needed" in found.reason


def test_a_failed_case_breaks_its_bound() -> None:
    broken = create_record(status="failed", reason="killed", check=None)
    (found,) = gate([Run(create_info(), [broken])], [time_bound(1.0)])

    assert (found.verdict, found.reason) == ("failed", "killed")


def test_a_bound_without_a_case_is_missing() -> None:
    (found,) = gate([run()], [Bound("conv/*", "time_s", at_most=1.0)])

    assert found.verdict == "missing"


def test_efficiency_is_that_of_the_ladders() -> None:
    ladders = Run(create_info(), long_ladder_records())
    bounds = [Bound("gemm/numpy/*/strong/4x8", "efficiency", at_least=0.3)]

    (found,) = gate([ladders], bounds)

    assert found.verdict == "passed"
    assert found.low < found.value < found.high


def test_no_records_are_no_data() -> None:
    with pytest.raises(NoDataError):
        gate([Run(create_info(), [])], [time_bound(1.0)])


@settings(deadline=None, max_examples=20)
@given(st.floats(1e-4, 1e-2), st.sampled_from(["interval", "median"]))
def test_a_bound_and_its_opposite_never_both_pass(limit: float, method: str) -> None:
    below = Bound("*", "time_s", at_most=limit, method=method)  # type: ignore[arg-type]
    above = Bound("*", "time_s", at_least=limit * 1.0001, method=method)  # type: ignore[arg-type]

    both = {verdict(below, run()), verdict(above, run())}

    assert both != {"passed"}


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "bounds.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "missing required field"),
        ("bound = []", r"no \[\[bound\]\]"),
        ('[[bound]]\ncase="*"\nmetric="tim"\nat_most=1', "no metric tim; choose from"),
        ('[[bound]]\ncase="*"\nmetric="time_s"', "at_least, at_most or both"),
        ('[[bound]]\ncase="*"\nmetric="time_s"\nat_most=nan', "finite"),
        ('[[bound]]\ncase="*"\nmetric="time_s"\nat_most=1\nat_least=2', "is above"),
        ('[[bound]]\ncase="*"\nmetric="time_s"\natmost=1', "unknown key atmost"),
        ('[[bound]]\ncase="*"\nmetric="time_s"\nat_most="1"', "at_most"),
        ('[[bound]]\ncase="*"\nmetric="time_s"\nat_most=1\nmethod="t"', "method"),
        ("[[bound", "bounds.toml"),
    ],
)
def test_names_what_is_wrong_with_the_file(
    tmp_path: Path, text: str, message: str
) -> None:
    path = written(tmp_path, text)

    with pytest.raises(UsageError, match=message) as told:
        read_bounds(path)

    assert str(path) in str(told.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        read_bounds(tmp_path / "none.toml")


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_can_be_bounded(metric: str) -> None:
    ladders = Run(create_info(), long_ladder_records())

    assert gate([ladders], [Bound("*", metric, at_least=0.0)])


@pytest.mark.parametrize(
    ("at_most", "strict", "code"),
    [(1.0, False, 0), (1e-9, False, 1), (1.02e-3, False, 0), (1.02e-3, True, 1)],
)
def test_the_exit_code(tmp_path: Path, at_most: float, strict: bool, code: int) -> None:
    create_run(tmp_path / "run", run().records)
    bounds = f'[[bound]]\ncase = "gemm/*"\nmetric = "time_s"\nat_most = {at_most!r}\n'
    path = written(tmp_path, bounds)
    arguments = [str(tmp_path / "run"), str(path), "--format", "json"]

    done = CliRunner().invoke(
        command, arguments + ["--strict"] * strict, standalone_mode=False
    )

    assert done.return_value == code
    (row,) = json.loads(done.stdout)
    assert row["method"] == "interval"
    assert "interval: the whole interval" in done.stderr
