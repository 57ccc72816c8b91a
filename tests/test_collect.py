"""Collecting shows every result once, and counts whatever it leaves out."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.errors import NoDataError
from tenbin.jobs.campaign import create
from tenbin.jobs.collect import Collected, collect
from tenbin.jobs.harvest import Cases, cases_path
from tenbin.jobs.ladder import Ladder, Point, spell_out
from tenbin.results import store
from tests.builders import create_record
from tests.campaigns import create_campaign, leave_results, tenbin


def start(root: Path, launches: int = 2) -> Ladder:
    return spell_out(create(root, create_campaign([1, 2], launches)))


def run_folder(root: Path, point: Point, attempt: int = 1) -> Path:
    return root / "jobs" / f"n{point.nodes}" / str(attempt) / point.key


def complete(root: Path, ladder: Ladder) -> None:
    for point in ladder.points:
        leave_results(run_folder(root, point), ladder, point)


def points(root: Path) -> list[tuple[str, int]]:
    (run,) = store.load([root])
    assert not any(run.skipped.sentences())
    return sorted((record.case, record.launch) for record in run.records)


def test_a_whole_campaign_becomes_one_run(tmp_path: Path) -> None:
    ladder = start(tmp_path)
    complete(tmp_path, ladder)

    counted = collect(tmp_path, ladder, tmp_path)

    found = points(tmp_path)
    assert len(found) == len(set(found)) == 8
    assert {launch for _, launch in found} == {0, 1}
    assert (counted.valid, counted.missing, counted.bad) == (8, 0, 0)
    assert counted.sentences() == []
    info = store.read_info(tmp_path)
    assert info.fingerprint == ladder.campaign.study.fingerprint
    assert info.machine["campaign"]["nodes"] == [1, 2]


def test_collecting_again_gives_the_same_bytes(tmp_path: Path) -> None:
    ladder = start(tmp_path)
    complete(tmp_path, ladder)
    collect(tmp_path, ladder, tmp_path)
    before = [(tmp_path / name).read_bytes() for name in ("run.json", "records.jsonl")]

    collect(tmp_path, ladder, tmp_path)

    after = [(tmp_path / name).read_bytes() for name in ("run.json", "records.jsonl")]
    assert before == after


def test_every_record_says_which_attempt_it_comes_from(tmp_path: Path) -> None:
    ladder = start(tmp_path, launches=1)
    complete(tmp_path, ladder)

    collect(tmp_path, ladder, tmp_path)

    (run,) = store.load([tmp_path])
    origins = {record.ranks: record.details["campaign"] for record in run.records}
    assert origins == {
        1: {"job": "n1", "attempt": 1}, 2: {"job": "n2", "attempt": 1},
    }  # fmt: skip


def test_what_is_not_there_yet_is_counted(tmp_path: Path) -> None:
    ladder = start(tmp_path)
    leave_results(run_folder(tmp_path, Point(1, 0)), ladder, Point(1, 0), slice(1))

    counted = collect(tmp_path, ladder, tmp_path)

    assert (counted.records, counted.missing) == (1, 7)
    assert "7 not there yet" in counted.sentences()


def test_a_torn_line_loses_only_itself(tmp_path: Path) -> None:
    ladder = start(tmp_path)
    complete(tmp_path, ladder)
    path = run_folder(tmp_path, Point(2, 1)) / store.RECORDS
    path.write_bytes(path.read_bytes()[:-40])

    counted = collect(tmp_path, ladder, tmp_path)

    assert (counted.torn, counted.records) == (1, 7)
    assert "1 torn or damaged lines left out" in counted.sentences()


def test_a_result_of_a_later_attempt_replaces_a_failed_one(tmp_path: Path) -> None:
    ladder = start(tmp_path, launches=1)
    complete(tmp_path, ladder)
    point = Point(1, 0)
    case = ladder.cases[1][0].key
    first = run_folder(tmp_path, point)
    failed = create_record(case=case, status="failed", reason="a rank died")
    (first / store.RECORDS).write_bytes(msgspec.json.encode(failed) + b"\n")
    leave_results(run_folder(tmp_path, point, 2), ladder, point)

    counted = collect(tmp_path, ladder, tmp_path)

    assert (counted.valid, counted.bad, counted.duplicates) == (4, 0, 1)
    (run,) = store.load([tmp_path])
    attempts = {r.case: r.details["campaign"]["attempt"] for r in run.records}
    assert attempts[case] == 2


def test_a_valid_result_is_not_replaced_by_a_later_failure(tmp_path: Path) -> None:
    ladder = start(tmp_path, launches=1)
    complete(tmp_path, ladder)
    later = run_folder(tmp_path, Point(1, 0), 2)
    leave_results(later, ladder, Point(1, 0))
    failed = create_record(case=ladder.cases[1][0].key, status="failed")
    (later / store.RECORDS).write_bytes(msgspec.json.encode(failed) + b"\n")

    counted = collect(tmp_path, ladder, tmp_path)

    assert (counted.valid, counted.duplicates) == (4, 1)


def test_records_of_something_else_are_left_out(tmp_path: Path) -> None:
    ladder = start(tmp_path, launches=1)
    complete(tmp_path, ladder)
    path = run_folder(tmp_path, Point(1, 0)) / store.RECORDS
    with path.open("ab") as file:
        file.write(msgspec.json.encode(create_record(case="gemm/else")) + b"\n")
        file.write(msgspec.json.encode(create_record(run_id="foreign")) + b"\n")
        file.write(b'{"not": "a record"}\n')

    counted = collect(tmp_path, ladder, tmp_path)

    assert (counted.foreign, counted.valid) == (3, 4)


def test_run_folders_of_another_study_are_named(tmp_path: Path) -> None:
    ladder = start(tmp_path, launches=1)
    complete(tmp_path, ladder)
    foreign = run_folder(tmp_path, Point(1, 0), 2)
    leave_results(foreign, ladder, Point(2, 0))
    damaged = run_folder(tmp_path, Point(2, 0), 2)
    damaged.mkdir(parents=True)
    (damaged / store.INFO).write_text("{")

    counted = collect(tmp_path, ladder, tmp_path)

    assert sorted(counted.unreadable) == [foreign, damaged]
    assert counted.valid == 4


def test_a_job_may_decline_cases_that_were_planned(tmp_path: Path) -> None:
    ladder = start(tmp_path, launches=1)
    leave_results(run_folder(tmp_path, Point(2, 0)), ladder, Point(2, 0))
    point = Point(1, 0)
    first, second = (case.key for case in ladder.cases[1])
    said = Cases([first], {second: "too big for this node"})
    attempt = run_folder(tmp_path, point).parent
    leave_results(run_folder(tmp_path, point), ladder, point, slice(1))
    cases_path(attempt, point).write_bytes(msgspec.json.encode(said))

    counted = collect(tmp_path, ladder, tmp_path)

    assert (counted.expected, counted.valid) == (3, 3)


def test_nothing_to_collect_is_said(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="no job has left a record"):
        collect(tmp_path, start(tmp_path), tmp_path)


@pytest.mark.parametrize(("left_out", "code"), [("", 0), ("n2.1", 4)])
def test_the_exit_code_says_whether_it_is_whole(
    tmp_path: Path, left_out: str, code: int
) -> None:
    root = tmp_path / "c"
    ladder = start(root)
    for point in ladder.points:
        if point.key != left_out:
            leave_results(run_folder(root, point), ladder, point)

    shown = tenbin("collect", "c", folder=tmp_path)

    assert shown.returncode == code, shown.stderr
    assert "c/records.jsonl" in shown.stdout
    assert "next: tenbin report c" in shown.stderr


def test_an_empty_campaign_has_no_data(tmp_path: Path) -> None:
    start(tmp_path / "c")

    shown = tenbin("collect", "c", folder=tmp_path)

    assert shown.returncode == 5
    assert "Traceback" not in shown.stderr


@settings(max_examples=40, deadline=None)
@given(
    cuts=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6000)), max_size=4),
    noise=st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=60)), max_size=4),
)
def test_whatever_is_torn_or_scribbled_results_are_right_or_missing(
    tmp_path_factory: pytest.TempPathFactory,
    cuts: list[tuple[int, int]],
    noise: list[tuple[int, bytes]],
) -> None:
    root = tmp_path_factory.mktemp("campaign")
    ladder = start(root)
    complete(root, ladder)
    files = [run_folder(root, point) / store.RECORDS for point in ladder.points]
    whole = {line for path in files for line in path.read_bytes().splitlines()}
    for number, size in cuts:
        files[number].write_bytes(files[number].read_bytes()[:size])
    for number, junk in noise:
        with files[number].open("ab") as file:
            file.write(junk + b"\n")

    counted = _collect(root, ladder)

    assert counted.records + counted.missing == counted.expected == 8
    if counted.records:
        times = {json.dumps(json.loads(line)["samples"]) for line in whole}
        for line in (root / store.RECORDS).read_bytes().splitlines():
            assert json.dumps(json.loads(line)["samples"]) in times
        assert len(points(root)) == counted.records == len(set(points(root)))


def _collect(root: Path, ladder: Ladder) -> Collected:
    try:
        return collect(root, ladder, root)
    except NoDataError:
        return Collected(expected=8)
