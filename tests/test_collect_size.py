"""Many run folders become one table: each launch once, only changed runs re-read."""

import csv
import importlib.util
import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from tenbin.cli.collect import command
from tenbin.errors import NoDataError, UsageError
from tenbin.results import store
from tenbin.results.gather import gather, index_path
from tenbin.results.table import COLUMNS
from tests.builders import create_info, create_record, create_run

OLD_S = 1_700_000_000


def make_runs(root: Path, *numbers: int) -> None:
    for number in numbers:
        run_id = f"run-{number}"
        records = [create_record(run_id=run_id, launch=i) for i in range(3)]
        create_run(root / run_id, records, run_id=run_id)
        make_old(root / run_id)


def make_old(folder: Path) -> None:
    """Move a run out of the seconds in which nothing is trusted."""
    for name in (store.INFO, store.RECORDS):
        os.utime(folder / name, (OLD_S, OLD_S))


def rows_of(table: Path) -> list[dict[str, str]]:
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_launch_is_a_row(tmp_path: Path) -> None:
    make_runs(tmp_path / "runs", 1, 2)

    found = gather([tmp_path / "runs"], tmp_path / "table.csv")

    rows = rows_of(tmp_path / "table.csv")
    assert (found.runs, found.read, found.rows, found.valid) == (2, 2, 6, 6)
    assert list(rows[0]) == list(COLUMNS)
    assert {(row["run_id"], row["launch"]) for row in rows} == {
        (f"run-{run}", str(launch)) for run in (1, 2) for launch in range(3)
    }
    assert float(rows[0]["median_s"]) == pytest.approx(1e-3, rel=0.1)
    assert rows[0]["message_bytes"] == ""


def test_only_what_is_new_is_read_again(tmp_path: Path) -> None:
    runs, out = tmp_path / "runs", tmp_path / "table.csv"
    make_runs(runs, 1, 2)
    gather([runs], out)

    make_runs(runs, 3)
    store.append(runs / "run-1", create_record(run_id="run-1", launch=9))
    again, third = gather([runs], out), gather([runs], out)

    assert (again.runs, again.read, again.rows) == (3, 2, 10)
    assert (third.read, third.rows) == (1, 10)  # run-1 changed a moment ago


def test_a_table_does_not_depend_on_how_it_came_about(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    make_runs(runs, 2)
    gather([runs], tmp_path / "steps.csv")
    make_runs(runs, 1, 3)
    shutil.rmtree(runs / "run-2")
    gather([runs], tmp_path / "steps.csv")

    gather([runs], tmp_path / "once.csv")

    assert (tmp_path / "steps.csv").read_bytes() == (tmp_path / "once.csv").read_bytes()


@pytest.mark.parametrize("damage", [b"", b"\x00", b"\x93\xa1x\x80\xc0", None])
def test_the_index_may_be_damaged_or_gone(tmp_path: Path, damage: bytes | None) -> None:
    make_runs(tmp_path / "runs", 1)
    out = tmp_path / "table.csv"
    gather([tmp_path / "runs"], out)
    whole = out.read_bytes()

    if damage is None:
        index_path(out).unlink()
    else:
        index_path(out).write_bytes(damage)
    found = gather([tmp_path / "runs"], out)

    assert found.read == 1
    assert out.read_bytes() == whole


def test_an_index_of_another_version_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_runs(tmp_path / "runs", 1)
    gather([tmp_path / "runs"], tmp_path / "table.csv")

    monkeypatch.setattr("tenbin.results.gather.VERSION", 99)

    assert gather([tmp_path / "runs"], tmp_path / "table.csv").read == 1


def test_a_copied_run_counts_once_and_the_valid_row_wins(tmp_path: Path) -> None:
    make_runs(tmp_path, 1)
    failed = create_record(run_id="run-1", launch=0, status="failed", reason="killed")
    create_run(tmp_path / "a copy", [failed], run_id="run-1")

    found = gather([tmp_path], tmp_path / "table.csv")

    assert (found.rows, found.valid, found.twice) == (3, 3, 1)
    assert "1 results in more than one folder: one of each kept" in found.sentences()


def test_what_cannot_be_read_is_counted(tmp_path: Path) -> None:
    make_runs(tmp_path, 1, 2)
    (tmp_path / "run-1" / store.INFO).write_text("{")
    store.create(tmp_path / "newer", create_info(schema=99))
    with (tmp_path / "run-2" / store.RECORDS).open("ab") as file:
        file.write(b'torn{"\n')

    found = gather([tmp_path], tmp_path / "table.csv")

    assert (found.runs, found.rows, found.torn) == (1, 3, 1)
    assert len(found.unreadable) == 2
    assert "schema 99" in str(found.sentences())


def test_what_lies_inside_a_run_is_part_of_it(tmp_path: Path) -> None:
    make_runs(tmp_path, 1)
    make_runs(tmp_path / "run-1" / "jobs", 2)
    make_runs(tmp_path / ".unfinished", 3)

    assert gather([tmp_path], tmp_path / "table.csv").runs == 1


def test_json_holds_numbers_and_nulls(tmp_path: Path) -> None:
    make_runs(tmp_path / "runs", 1)

    gather([tmp_path / "runs"], tmp_path / "table.json")

    first = json.loads((tmp_path / "table.json").read_text())[0]
    assert (first["ranks"], first["message_bytes"]) == (1, None)
    assert first["valid"] is True


def test_parquet_needs_pyarrow(tmp_path: Path) -> None:
    make_runs(tmp_path / "runs", 1)
    out = tmp_path / "table.parquet"

    if importlib.util.find_spec("pyarrow") is None:
        with pytest.raises(Exception, match="Parquet needs pyarrow"):
            gather([tmp_path / "runs"], out)
        assert not out.exists()
        assert list(tmp_path.iterdir()) == [tmp_path / "runs"]
        return
    gather([tmp_path / "runs"], out)
    import pandas as pd

    assert len(pd.read_parquet(out)) == 3


def test_the_format_and_the_place_are_checked(tmp_path: Path) -> None:
    make_runs(tmp_path / "runs", 1)

    with pytest.raises(UsageError, match=r"choose from \.csv, \.json, \.parquet"):
        gather([tmp_path / "runs"], tmp_path / "table.xls")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoDataError, match="no run here"):
        gather([tmp_path / "empty"], tmp_path / "table.csv")


def test_the_command_gathers_plain_folders(tmp_path: Path) -> None:
    make_runs(tmp_path / "a", 1)
    make_runs(tmp_path / "b", 2)

    places = [str(tmp_path / "a"), str(tmp_path / "b")]
    ended = CliRunner().invoke(command, places, standalone_mode=False)

    assert ended.return_value == 0
    assert "6 results of 2 runs, 6 valid; 2 runs read" in ended.output
    assert len(rows_of(tmp_path / "a" / "collected.csv")) == 6
