"""Any CSV, by a map of its columns: nothing is guessed, least of all a unit.

    --map Bytes=size --map "t (us)=time" --unit time=us --unit size=B --map np=ranks

A `time` is a single one: rows that agree in all else that is mapped are repetitions of
one point. `mean`, `median`, `min`, `max` are statistics that the file already holds.
"""

import csv
import io
import math
import re
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from tenbin.errors import UsageError, unknown
from tenbin.record import Record, Summary
from tenbin.results.importers.point import Given, Output, Place, point, size_label
from tenbin.results.importers.text import Text
from tenbin.units import BINARY

TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
SIZE_UNITS = {**BINARY, "kB": 10**3, "MB": 10**6, "GB": 10**9}
STATISTICS = ("mean", "median", "min", "max")
TIMES = ("time", *STATISTICS)
NAMES = ("kernel", "variant", "dtype", "label")
COUNTS = ("ranks", "ranks_per_node", "launch", "repetitions", "flops", "bytes")
FIELDS = (*TIMES, "size", *NAMES, *COUNTS)
NUMBER = re.compile(r"\d{1,18}(\.\d+)?([eE][-+]?\d{1,2})?")
WHOLE = re.compile(r"\d{1,18}")
TOOL = "CSV"
Values = dict[str, Any]


def detect(content: str) -> bool:
    """Return False: nobody can tell which column of a CSV is what."""
    return False


def csv_map(text: Text, given: Given) -> Output:
    """Return the points of a file whose first row names the columns.

    Raises UsageError for a map that does not fit the file, UnreadableError for a row.
    """
    columns = dict(given.mapping)
    units = _units(given, set(columns.values()))
    groups: dict[tuple[Any, ...], list[tuple[int, Values, dict[str, str]]]] = {}
    for line, row in _rows(text, columns):
        values = _values(text, line, row, columns, units)
        key = tuple((f, v) for f, v in sorted(values.items()) if f != "time")
        if "time" not in values and key in groups:
            raise text.error(line, f"the point of line {groups[key][0][0]} again")
        groups.setdefault(key, []).append((line, values, row))
    if not groups:
        raise text.error(0, "no row")
    records = [_record(text, rows, given) for rows in groups.values()]
    return Output(TOOL, "", records, {})


def _units(given: Given, fields: set[str]) -> dict[str, float]:
    """Return the scale of each field that has a unit; each must be given."""
    for field in fields - set(FIELDS):
        raise unknown("field", field, FIELDS)
    for side in zip(*given.mapping, strict=True):
        if len(set(side)) != len(side):
            raise UsageError("--map: a column or a field twice")
    if not fields & set(TIMES):
        raise UsageError(f"--map: no column is a time; map one to {', '.join(TIMES)}")
    named = dict(given.units)
    for field in named.keys() - fields:
        raise UsageError(f"--unit {field}=...: no column is mapped to it")
    scales: dict[str, float] = {}
    for field in sorted(fields & {*TIMES, "size"}):
        choices = SIZE_UNITS if field == "size" else TIME_UNITS
        if field not in named:
            raise UsageError(f"--unit {field}=...: say one of {', '.join(choices)}")
        if named[field] not in choices:
            raise unknown("unit", named[field], choices)
        scales[field] = choices[named.pop(field)]
    for field in named:
        raise UsageError(f"--unit {field}=...: it has no unit")
    return scales


def _rows(text: Text, columns: dict[str, str]) -> Iterator[tuple[int, dict[str, str]]]:
    if not text.whole:
        raise text.error(len(text.lines), "the file ends within this row")
    reader = csv.reader(io.StringIO(text.content + "\n"), strict=True)
    names: list[str] = []
    try:
        for row in reader:
            line = reader.line_num
            if not names:
                names = _names(text, line, row, columns)
            elif row and len(row) != len(names):
                what = f"{len(row)} values where the table has {len(names)} columns"
                raise text.error(line, what)
            elif row:
                yield line, dict(zip(names, row, strict=True))
    except csv.Error as error:
        raise text.error(reader.line_num, str(error)) from None


def _names(text: Text, line: int, row: list[str], columns: dict[str, str]) -> list[str]:
    names = [name.strip().lstrip("\ufeff") for name in row]
    if len(set(names)) != len(names):
        raise text.error(line, "a column twice")
    for column in columns:
        if column not in names:
            raise text.error(
                line, f"no column {column!r:.40}; it has {', '.join(names)}"
            )
    return names


def _values(
    text: Text, line: int, row: dict[str, str], columns: dict[str, str],
    units: dict[str, float],
) -> Values:  # fmt: skip
    values: Values = {}
    for column, field in columns.items():
        word = row[column].strip()
        if field in NAMES:
            values[field] = word
            continue
        form = WHOLE if field in COUNTS else NUMBER
        if form.fullmatch(word) is None:
            raise text.error(line, f"{column}: not a number: {word!r:.40}")
        values[field] = int(word) if field in COUNTS else float(word) * units[field]
    size = values.get("size")
    if size is not None and (size != int(size) or not math.isfinite(size)):
        raise text.error(line, f"size: {size} is not a whole number of bytes")
    if not values.get("min", 0.0) <= values.get("max", math.inf):
        raise text.error(line, "min is larger than max")
    for field in ("mean", "median"):
        low, high = values.get("min", 0.0), values.get("max", math.inf)
        if not low <= values.get(field, low) <= high:
            raise text.error(line, f"{field} is not between min and max")
    return values


def _record(
    text: Text, rows: list[tuple[int, Values, dict[str, str]]], given: Given
) -> Record:
    line, values, row = rows[0]
    ranks = values.get("ranks", given.ranks)
    kernel = values.get("kernel") or given.kernel
    if not ranks:
        raise text.error(line, "how many ranks? map a column to ranks, or give --ranks")
    if not kernel:
        raise text.error(line, "of what? map a column to kernel, or give --kernel")
    per_node = values.get("ranks_per_node", given.ranks_per_node or 0)
    if per_node and ranks % per_node:
        raise text.error(line, f"{ranks} ranks are not {per_node} on each node")
    size = values.get("size")
    times = [one["time"] for _, one, _ in rows if "time" in one]
    statistics = {f"{name}_s": values.get(name) for name in STATISTICS}
    record = point(
        Place(ranks, per_node, ranks // per_node if per_node else 0),
        kernel=kernel,
        variant=values.get("variant") or given.variant or TOOL,
        dtype=values.get("dtype") or given.dtype,
        label=values.get("label")
        or (size_label(int(size)) if size is not None else ""),
        message_bytes=None if size is None else int(size),
        summary=Summary(
            definition="single times" if times else "as in the file",
            times_s=times,
            repetitions=values.get("repetitions", len(times) or None),
            reported=dict(row) if len(rows) == 1 else {},
            **statistics,
        ),
        details={"tool": TOOL},
    )
    return replace(
        record,
        launch=values.get("launch", 0),
        flops=values.get("flops"),
        bytes=values.get("bytes"),
    )
