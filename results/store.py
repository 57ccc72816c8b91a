"""The store: a run is a folder with `run.json` and one line of JSON per record.

    run.json        once, atomically
    records.jsonl   appended and flushed after every case by the one writer

A line torn by a killed writer stays alone: the next append starts on a new line.
Reading never fails on a damaged line; it counts what it leaves out, and says so.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import msgspec

from tenbin.errors import NoDataError, TenbinError, UsageError
from tenbin.record import SCHEMA, Record, RunInfo
from tenbin.results.scan import Skipped, scan, schema_of

INFO = "run.json"
RECORDS = "records.jsonl"


def create(folder: Path, info: RunInfo) -> None:
    """Make the run folder and write its `run.json`, atomically.

    Raises UsageError where another run is already there.
    """
    path = folder / INFO
    if path.exists():
        raise UsageError(f"{path}: there is a run already; resume it or name another")
    folder.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".new{os.getpid()}")
    with fresh.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(info), indent=2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


class Writer:
    """The one writer of a run; holds a lock on its records where locks exist."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / RECORDS
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._file = os.open(self._path, flags, 0o666)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise TenbinError(f"another process is writing to {self._path}") from None
        except OSError:
            pass  # a file system without locks: one writer is then a promise

    def append(self, record: Record) -> None:
        """Add one line with a single write, and force it to disk."""
        line = msgspec.json.encode(record) + b"\n"
        if not self._ends_whole():
            line = b"\n" + line
        written = os.write(self._file, line)
        if written != len(line):
            raise TenbinError(f"{self._path}: disk full, the last record is torn")
        os.fsync(self._file)

    def _ends_whole(self) -> bool:
        size = os.fstat(self._file).st_size
        return size == 0 or os.pread(self._file, 1, size - 1) == b"\n"

    def close(self) -> None:
        """Release the lock."""
        os.close(self._file)

    def __enter__(self) -> "Writer":
        """Return the writer itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release the lock."""
        self.close()


def open_writer(folder: Path) -> Writer:
    """Return the writer of a run; raise TenbinError where another process has it."""
    return Writer(folder)


def append(folder: Path, record: Record) -> None:
    """Append a single record to a run that nobody else is writing to."""
    with open_writer(folder) as writer:
        writer.append(record)


@dataclass(frozen=True)
class Run:
    """One run: its facts, its records without duplicates, and what was left out."""

    info: RunInfo
    records: Sequence[Record]
    skipped: Skipped = field(default_factory=Skipped)
    folder: Path = Path()


def find_runs(paths: Iterable[Path]) -> list[Path]:
    """Return the run folders at or below the paths, sorted, each once.

    Raises NoDataError for a path that holds none.
    """
    found: dict[Path, None] = {}
    for path in paths:
        inside = path.parent if path.name in (INFO, RECORDS) else path
        folders = sorted(_below(inside))
        if not folders:
            raise NoDataError(f"{path}: no run here (no {INFO})")
        found.update({folder.resolve(): None for folder in folders})
    return list(found)


def _below(top: Path) -> Iterator[Path]:
    """Yield the run folders; inside a run there is no other, dots are unfinished."""
    for folder, inner, files in os.walk(top):
        if INFO in files:
            inner.clear()
            yield Path(folder)
        inner[:] = [name for name in inner if not name.startswith(".")]


def read_info(folder: Path) -> RunInfo:
    """Return the facts of a run; raise UsageError for a damaged or newer file."""
    path = folder / INFO
    try:
        data = path.read_bytes()
        schema = schema_of(data)
        if schema > SCHEMA:
            raise UsageError(
                f"{path}: schema {schema}; this tenbin reads up to {SCHEMA}"
            )
        return msgspec.json.decode(data, type=RunInfo)
    except OSError as error:
        raise NoDataError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not the facts of a run: {error}") from None


def load(paths: Iterable[Path]) -> list[Run]:
    """Return the runs at or below the paths.

    Raises NoDataError where there is none, UsageError for a run of a newer schema.
    """
    return [read_run(folder) for folder in find_runs(paths)]


def read_run(folder: Path) -> Run:
    """Scan one run: check every line, keep the places of those that count."""
    info = read_info(folder)
    records, skipped = scan(folder / RECORDS, info.run_id)
    return Run(info, records, skipped, folder)


def valid_points(run: Run) -> set[tuple[str, int]]:
    """Return the (case, launch) pairs that need not be measured again."""
    return {(record.case, record.launch) for record in run.records if record.valid}
