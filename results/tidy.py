"""A tidy table as a file: CSV, JSON or, where pyarrow is there, Parquet; atomically."""

import csv
import io
import math
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import msgspec

from tenbin.errors import TenbinError, UsageError

FORMATS = ("csv", "json", "parquet")
Rows = Sequence[Sequence[Any]]
_ARROW = {"object": "string", "int64": "int64", "float64": "float64", "bool": "bool_"}


def format_of(path: Path) -> str:
    """Return the format that the end of a name asks for.

    Raises UsageError for another end.
    """
    form = path.suffix.lstrip(".").lower()
    if form not in FORMATS:
        known = ", ".join(f".{name}" for name in FORMATS)
        raise UsageError(f"{path}: no format {path.suffix!r:.20}; choose from {known}")
    return form


def write_table(path: Path, form: str, columns: Mapping[str, str], rows: Rows) -> None:
    """Write rows under column names with their dtypes; nothing is left half written."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with fresh.open("wb") as file:
            write_stream(file, form, columns, rows)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        with suppress(FileNotFoundError):
            fresh.unlink()


def write_stream(
    file: IO[bytes], form: str, columns: Mapping[str, str], rows: Rows
) -> None:
    """Write rows into an open file; a missing or not finite number stays empty."""
    {"csv": _csv, "json": _json, "parquet": _parquet}[form](file, columns, rows)


def _csv(file: IO[bytes], columns: Mapping[str, str], rows: Rows) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", errors="replace", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    floats = [i for i, kind in enumerate(columns.values()) if kind == "float64"]
    for row in rows:
        cells = list(row)
        for i in floats:
            value = cells[i]
            if value is not None and not math.isfinite(value):
                cells[i] = None
        writer.writerow(cells)
    text.detach()


def _json(file: IO[bytes], columns: Mapping[str, str], rows: Rows) -> None:
    encode = msgspec.json.Encoder().encode
    names = tuple(columns)
    file.write(b"[")
    for number, row in enumerate(rows):
        file.write(b",\n" if number else b"\n")
        file.write(encode(dict(zip(names, row, strict=True))))
    file.write(b"\n]\n")


def _parquet(file: IO[bytes], columns: Mapping[str, str], rows: Rows) -> None:
    try:
        arrow = import_module("pyarrow")
        parquet = import_module("pyarrow.parquet")
    except ImportError:
        raise TenbinError("Parquet needs pyarrow: pip install pyarrow") from None
    arrays = [
        arrow.array([row[i] for row in rows], getattr(arrow, _ARROW[kind])())
        for i, kind in enumerate(columns.values())
    ]
    table = arrow.Table.from_arrays(arrays, names=list(columns))
    parquet.write_table(table, file)
