"""Reading a records file: every line judged, those that count kept by their place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import msgspec

from tenbin.record import SCHEMA, Record


class Records(Sequence[Record]):
    """The records of one file, decoded each time they are read.

    Raw samples of a large run do not fit into memory; places in the file do.
    """

    def __init__(self, path: Path, places: list[tuple[int, int]]) -> None:
        self._path = path
        self._places = places

    def __len__(self) -> int:
        """Return the number of records."""
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        """Decode one record or several."""
        if isinstance(index, slice):
            return list(self._read(self._places[index]))
        return next(self._read([self._places[index]]))

    def __iter__(self) -> Iterator[Record]:
        """Decode one record after the other, in the order of the file."""
        return self._read(self._places)

    def _read(self, places: list[tuple[int, int]]) -> Iterator[Record]:
        if not places:
            return
        decode = msgspec.json.Decoder(Record).decode
        with self._path.open("rb") as file:
            for offset, length in places:
                file.seek(offset)
                yield decode(file.read(length))


@dataclass(frozen=True)
class Skipped:
    """How many lines were left out, and why; `schema` is the newest one met."""

    torn: int = 0
    foreign: int = 0
    newer: int = 0
    duplicates: int = 0
    schema: int = SCHEMA

    def sentences(self) -> list[str]:
        """Return one line for each reason that occurred."""
        newer = f"of schema {self.schema}; this tenbin reads up to {SCHEMA}"
        reasons = (
            (self.torn, "torn or damaged"),
            (self.foreign, "not a record of this run"),
            (self.newer, newer),
            (self.duplicates, "measured again later, or already valid"),
        )
        return [
            f"{count} {'line' if count == 1 else 'lines'} left out: {why}"
            for count, why in reasons
            if count
        ]


def scan(path: Path, run_id: str) -> tuple[Records, Skipped]:
    """Return the records of a file, without duplicates, and what was left out."""
    found = _Scan(run_id)
    if path.is_file():
        with path.open("rb") as file:
            for line in file:
                found.take(line)
    places = sorted(place for place, _ in found.best.values())
    return Records(path, places), found.skipped()


class _Scan:
    """One pass over a file; of the lines of one point the valid, latest wins."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.best: dict[tuple[str, int], tuple[tuple[int, int], bool]] = {}
        self.torn = self.foreign = self.newer = self.duplicates = self.offset = 0
        self.schema = SCHEMA
        self.decode = msgspec.json.Decoder(Record).decode

    def take(self, line: bytes) -> None:
        """Judge one line."""
        place = (self.offset, len(line))
        self.offset += len(line)
        if not line.strip():
            return
        try:
            record = self.decode(line)
            schema = record.schema
        except msgspec.ValidationError:
            schema = schema_of(line)
            self.foreign += schema <= SCHEMA
        except (ValueError, RecursionError):
            self.torn += 1
            return
        else:
            if schema <= SCHEMA:
                self._keep(record, place)
        if schema > SCHEMA:
            self.newer += 1
            self.schema = max(self.schema, schema)

    def _keep(self, record: Record, place: tuple[int, int]) -> None:
        if record.run_id != self.run_id:
            self.foreign += 1
            return
        point = (record.case, record.launch)
        known = self.best.get(point)
        self.duplicates += known is not None
        if known is None or record.valid or not known[1]:
            self.best[point] = (place, record.valid)

    def skipped(self) -> Skipped:
        """Return the counts."""
        return Skipped(
            self.torn, self.foreign, self.newer, self.duplicates, self.schema
        )


class _Schema(msgspec.Struct):
    schema: int = 0


def schema_of(data: bytes) -> int:
    """Return the schema number of a line or file; 0 where it has none."""
    try:
        return msgspec.json.decode(data, type=_Schema).schema
    except (ValueError, RecursionError):
        return 0
