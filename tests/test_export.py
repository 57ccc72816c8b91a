"""What is exported is what was measured, in the form that others read."""

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tenbin.cli.export import command
from tenbin.errors import NoDataError, UsageError
from tenbin.results import store, table
from tenbin.results.export import extrap, tidy_rows
from tests.builders import create_record, create_run, create_study


def run_command(*words: object) -> Result:
    return CliRunner().invoke(
        command, [str(word) for word in words], standalone_mode=False
    )


def test_extra_p_gets_a_line_per_series_and_rank_count(tmp_path: Path) -> None:
    run = create_run(tmp_path / "run", create_study(3))

    ended = run_command(tmp_path / "run", "--extrap", tmp_path / "out.jsonl")

    assert ended.return_value == 0
    lines = [json.loads(t) for t in (tmp_path / "out.jsonl").read_text().splitlines()]
    strong = [one for one in lines if "/strong/" in one["callpath"]]
    assert {one["params"]["ranks"] for one in strong} == {1, 2, 4, 8}
    assert all(len(one["value"]) == 3 for one in strong)
    assert all(set(one) == {"params", "callpath", "metric", "value"} for one in lines)
    values = {value for one in lines for value in one["value"]}
    rows = table.launches([run])
    assert values == set(rows.loc[rows["valid"], "median_s"])
    assert "3 results without a time left out" in ended.output


def test_a_series_over_sizes_leaves_their_labels_out(tmp_path: Path) -> None:
    run = create_run(tmp_path / "run", create_study(2))

    found = extrap([run], "message_bytes")

    assert found.series == 3
    assert len(found.lines) == 3 * 24
    assert found.short == 0


def test_a_placement_is_a_series_of_its_own(tmp_path: Path) -> None:
    records = [
        create_record(scaling="strong", ranks=4, ranks_per_node=per_node)
        for per_node in (2, 4)
    ]

    assert extrap([create_run(tmp_path / "run", records)]).series == 2


def test_nothing_to_export_is_an_error(tmp_path: Path) -> None:
    create_run(tmp_path / "run", [create_record(status="failed", reason="killed")])

    ended = run_command(tmp_path / "run", "--extrap", tmp_path / "out.jsonl")

    assert isinstance(ended.exception, NoDataError)
    assert isinstance(run_command(tmp_path / "run").exception, UsageError)
    with pytest.raises(UsageError, match="choose from ranks, nodes, message_bytes"):
        extrap([], "colour")


def test_a_table_goes_to_stdout_or_into_a_file(tmp_path: Path) -> None:
    run = create_run(tmp_path / "run", create_study(1))

    printed = run_command(tmp_path / "run", "--format", "csv")
    run_command(tmp_path / "run", "--format", "json", "--out", tmp_path / "t.json")

    rows = list(csv.DictReader(io.StringIO(printed.stdout)))
    assert len(rows) == len(tidy_rows([run])) == len(run.records)
    assert len(json.loads((tmp_path / "t.json").read_text())) == len(rows)


def test_a_run_given_twice_is_exported_once(tmp_path: Path) -> None:
    create_run(tmp_path / "run", create_study(1))
    runs = [store.read_run(tmp_path / "run")] * 2

    assert len(tidy_rows(runs)) == len(runs[0].records)
