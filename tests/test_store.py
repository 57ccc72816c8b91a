"""The store keeps what was written, and says what it leaves out."""

import multiprocessing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.errors import NoDataError, TenbinError, UsageError
from tenbin.record import SCHEMA, CheckRow, Record
from tenbin.results import store
from tests.builders import create_info, create_record, create_run


def raw(record: Record) -> bytes:
    return msgspec.json.encode(record) + b"\n"


def write_lines(folder: Path, *lines: bytes) -> store.Run:
    create_run(folder, [])
    (folder / store.RECORDS).write_bytes(b"".join(lines))
    return store.read_run(folder)


def test_returns_what_was_appended(tmp_path: Path) -> None:
    records = [create_record(launch=launch) for launch in range(3)]

    run = create_run(tmp_path / "run", records)

    assert list(run.records) == records
    assert run.info == create_info()
    assert run.skipped.sentences() == []
    assert run.records[-1] == records[-1]
    assert run.records[:2] == records[:2]


def test_a_run_is_never_overwritten(tmp_path: Path) -> None:
    store.create(tmp_path, create_info())

    with pytest.raises(UsageError, match="there is a run already"):
        store.create(tmp_path, create_info(run_id="other"))

    assert store.read_info(tmp_path).run_id == "run-1"


def test_a_torn_line_stays_alone(tmp_path: Path) -> None:
    create_run(tmp_path, [create_record(launch=0), create_record(launch=1)])
    path = tmp_path / store.RECORDS
    path.write_bytes(path.read_bytes()[:-40])

    store.append(tmp_path, create_record(launch=2))
    run = store.read_run(tmp_path)

    assert [record.launch for record in run.records] == [0, 2]
    assert run.skipped.torn == 1


def test_a_result_that_is_not_finite_can_be_read_back(tmp_path: Path) -> None:
    check = CheckRow(ok=False, error=float("inf"), method="bound", repetitions=1)

    run = create_run(tmp_path, [create_record(status="wrong", check=check)])

    assert run.records[0].check == msgspec.structs.replace(check, error=None)


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 4000), noise=st.binary(max_size=40))
def test_no_damage_stops_reading(
    tmp_path_factory: pytest.TempPathFactory, cut: int, noise: bytes
) -> None:
    whole = [raw(create_record(launch=launch)) for launch in range(3)]
    text = b"".join(whole)
    damaged = text[:cut] + noise + text[cut:]

    run = write_lines(tmp_path_factory.mktemp("run"), damaged)

    assert len(run.records) + len(run.skipped.sentences()) >= 1
    assert {record.launch for record in run.records} <= {0, 1, 2}


def test_counts_what_it_leaves_out(tmp_path: Path) -> None:
    newer = b'{"schema": 7, "run_id": "run-1", "case": 3}\n'
    lines = (
        raw(create_record()),
        b"\xff\xfe\n",
        b'{"details": {"a": ' + b"[" * 100_000 + b"\n",
        b'{"a": 1}\n',
        raw(create_record(run_id="another")),
        newer,
        raw(create_record(schema=SCHEMA + 1)),
        b"\n",
    )

    run = write_lines(tmp_path, *lines)

    skipped = run.skipped
    assert (skipped.torn, skipped.foreign, skipped.newer) == (2, 2, 2)
    assert len(run.records) == 1
    assert f"of schema 7; this tenbin reads up to {SCHEMA}" in str(skipped.sentences())


def test_a_run_of_a_newer_schema_is_refused(tmp_path: Path) -> None:
    store.create(tmp_path, create_info(schema=9))

    with pytest.raises(UsageError, match=r"run\.json: schema 9; this tenbin reads"):
        store.load([tmp_path])


def test_of_several_attempts_the_valid_one_counts(tmp_path: Path) -> None:
    attempts = [
        create_record(status="failed"),
        create_record(time_s=1.0),
        create_record(status="timeout"),
    ]

    run = create_run(tmp_path, attempts)

    assert list(run.records) == [attempts[1]]
    assert run.skipped.duplicates == 2
    assert store.valid_points(run) == {(attempts[1].case, 0)}


def test_of_several_valid_attempts_the_latest_counts(tmp_path: Path) -> None:
    attempts = [create_record(time_s=1.0), create_record(time_s=2.0)]

    run = create_run(tmp_path, attempts)

    assert list(run.records) == [attempts[1]]


def test_a_failed_point_is_run_again(tmp_path: Path) -> None:
    run = create_run(tmp_path, [create_record(status="failed", reason="killed")])

    assert store.valid_points(run) == set()


def _try_to_write(folder: str, answer: "multiprocessing.Queue[str]") -> None:
    try:
        store.append(Path(folder), create_record())
    except TenbinError as error:
        answer.put(str(error))
    else:
        answer.put("")


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    create_run(tmp_path, [])
    context = multiprocessing.get_context("spawn")
    answer: multiprocessing.Queue[str] = context.Queue()

    with store.open_writer(tmp_path):
        process = context.Process(target=_try_to_write, args=(str(tmp_path), answer))
        process.start()
        message = answer.get(timeout=60)
        process.join()

    assert message.startswith("another process is writing to")
    store.append(tmp_path, create_record())


def test_finds_runs_below_a_folder_each_once(tmp_path: Path) -> None:
    for name in ("b", "a/deep"):
        create_run(tmp_path / name, [create_record()], run_id=name)

    paths = [tmp_path, tmp_path / "b", tmp_path / "b" / store.INFO]
    runs = store.load(paths)

    assert [run.info.run_id for run in runs] == ["a/deep", "b"]


def test_says_where_there_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="no run here"):
        store.load([tmp_path])


def test_the_store_needs_neither_pandas_nor_mpi() -> None:
    code = (
        "import sys, tenbin.results.store;"
        "heavy = {'pandas', 'matplotlib', 'mpi4py', 'numpy'};"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    process = multiprocessing.get_context("spawn").Process(target=exec, args=(code,))
    process.start()
    process.join(60)
    assert process.exitcode == 0
