"""Gather: the launches of thousands of run folders as one table, re-read where changed.

    run folders ──► rows of each ──► index, beside the table ──► table.csv
                    new or changed   run: (sizes, times), rows   each launch once
                    ones only

The index is a cache: deleted, damaged or of another version, it is made again. A file
changed within the last seconds before it was read is read again, since clocks of file
systems tick coarsely.
"""

import hashlib
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tenbin import __version__
from tenbin.errors import TenbinError
from tenbin.record import SCHEMA
from tenbin.results import store
from tenbin.results.table import COLUMNS, launch_rows
from tenbin.results.tidy import format_of, write_table

VERSION = 1
TICK_NS = 2_000_000_000
Row = Sequence[Any]
Sign = tuple[tuple[int, int, int], ...]
NAMES = list(COLUMNS)
KEY = tuple(NAMES.index(name) for name in ("machine", "case", "run_id", "launch"))
VALID, STARTED = NAMES.index("valid"), NAMES.index("started")


class Entry(msgspec.Struct, array_like=True):
    """A run as it was read: what its files looked like, its rows, what was left out."""

    sign: Sign
    seen_ns: int
    rows: list[list[Any]]
    skipped: list[int]  # torn, foreign, newer, duplicates


class Index(msgspec.Struct, array_like=True):
    """All runs of a table, by folder; `version` says by which code."""

    version: str
    runs: dict[str, Entry]


@dataclass
class Gathered:
    """What was gathered, how much of it was new, and what was left out and why."""

    runs: int = 0
    read: int = 0
    rows: int = 0
    valid: int = 0
    torn: int = 0
    foreign: int = 0
    newer: int = 0
    duplicates: int = 0
    twice: int = 0
    unreadable: list[str] = field(default_factory=list)

    def sentences(self) -> list[str]:
        """Return one line for everything that the table does not show."""
        reasons = (
            (self.torn, "torn or damaged lines left out"),
            (self.newer, f"lines of a newer schema than {SCHEMA} left out"),
            (self.foreign, "lines that are no record of their run left out"),
            (self.duplicates, "results measured again in a run: one of each kept"),
            (self.twice, "results in more than one folder: one of each kept"),
            (len(self.unreadable), "run folders that cannot be read"),
        )
        lines = [f"{count} {why}" for count, why in reasons if count]
        return lines + [f"    {message}" for message in self.unreadable[:5]]


def gather(paths: Iterable[Path], out: Path) -> Gathered:
    """Write the launches of all runs at or below the paths into the table `out`.

    Its name ends in .csv, .json or .parquet. Runs that did not change since the last
    time are taken from the index beside it. Raises NoDataError for a path without a
    run, UsageError for another end of the name.
    """
    form = format_of(out)
    counted, known = Gathered(), _load(index_path(out))
    index = Index(_version(), {})
    for folder in store.find_runs(paths):
        entry = known.get(str(folder))
        if entry is None or not _is_current(folder, entry):
            entry = _read(folder, counted)
        if entry is not None:
            index.runs[str(folder)] = entry
    rows = _once(index, counted)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_table(out, form, COLUMNS, rows)
    if counted.read or index.runs.keys() != known.keys():
        _save(index_path(out), index)
    return counted


def index_path(out: Path) -> Path:
    """Return where the index of a table lies."""
    return out.with_name(f"{out.name}.index")


def _sign(folder: Path) -> Sign:
    """Return what tells a changed run: size, time and number of its two files."""
    signs = []
    for name in (store.INFO, store.RECORDS):
        try:
            stat = os.stat(folder / name)
        except OSError:
            signs.append((0, 0, 0))
        else:
            signs.append((stat.st_size, stat.st_mtime_ns, stat.st_ino))
    return tuple(signs)


def _is_current(folder: Path, entry: Entry) -> bool:
    sign = _sign(folder)
    changed_ns = max(mtime for _, mtime, _ in sign)
    return sign == tuple(map(tuple, entry.sign)) and (
        changed_ns + TICK_NS < entry.seen_ns
    )


def _read(folder: Path, counted: Gathered) -> Entry | None:
    counted.read += 1
    seen_ns, sign = time.time_ns(), _sign(folder)
    try:
        run = store.read_run(folder)
    except TenbinError as error:
        counted.unreadable.append(str(error))
        return None
    rows = [list(row) for row in launch_rows(run)]
    left = run.skipped
    skipped = [left.torn, left.foreign, left.newer, left.duplicates]
    return Entry(sign, seen_ns, rows, skipped)


def _once(index: Index, counted: Gathered) -> list[Row]:
    """Return the rows of all runs, each launch once, and count."""
    for entry in index.runs.values():
        counted.runs += 1
        counted.torn += entry.skipped[0]
        counted.foreign += entry.skipped[1]
        counted.newer += entry.skipped[2]
        counted.duplicates += entry.skipped[3]
    all_rows = [row for entry in index.runs.values() for row in entry.rows]
    rows = once(all_rows)
    counted.rows = len(rows)
    counted.twice = len(all_rows) - len(rows)
    counted.valid = sum(bool(row[VALID]) for row in rows)
    return rows


def once(rows: Iterable[Row]) -> list[Row]:
    """Return the row of each launch once: the valid one, then the latest; sorted."""
    best: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = (row[KEY[0]], row[KEY[1]], row[KEY[2]], row[KEY[3]])
        other = best.get(key)
        if other is None or _rank(row) > _rank(other):
            best[key] = row
    return [best[key] for key in sorted(best)]


def _rank(row: Row) -> tuple[bool, str]:
    return (bool(row[VALID]), str(row[STARTED]))


def _version() -> str:
    about = repr((VERSION, SCHEMA, __version__, COLUMNS))
    return hashlib.sha256(about.encode()).hexdigest()


def _load(path: Path) -> dict[str, Entry]:
    try:
        index = msgspec.msgpack.decode(path.read_bytes(), type=Index)
    except (OSError, ValueError, RecursionError):
        return {}
    whole = all(
        len(entry.skipped) == 4 and all(len(row) == len(NAMES) for row in entry.rows)
        for entry in index.runs.values()
    )
    return index.runs if whole and index.version == _version() else {}


def _save(path: Path, index: Index) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_bytes(msgspec.msgpack.encode(index))
    fresh.replace(path)
