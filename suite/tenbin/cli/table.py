"""Records as lines: an aligned table, CSV or JSON on stdout."""

import csv
import json
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tenbin.case import Case
from tenbin.record import Record
from tenbin.results import metrics
from tenbin.stats import makespans, median_interval
from tenbin.units import format_bytes

Row = dict[str, Any]


def row(case: Case, record: Record) -> Row:
    """Return what one record says, with derived rates; a failed case has no time."""
    found: Row = {
        "kernel": record.kernel,
        "problem": record.label,
        "variant": record.variant,
        "dtype": record.dtype,
        "ranks": record.ranks,
        "nodes": record.nodes,
        "launch": record.launch,
        "message_bytes": record.message_bytes,
        "status": record.status,
        "reason": record.reason,
        "flags": " ".join(record.flags),
    }
    return {**found, **(_times(record) if record.valid else {})}


def _times(record: Record) -> Row:
    samples = record.samples
    assert samples is not None
    entry, exit_ = np.array(samples.entry_ns), np.array(samples.exit_ns)
    spans = makespans(entry, exit_) * 1e-9
    median_s = float(np.median(spans))
    low, high = median_interval(spans)
    times: Row = {
        "repetitions": len(spans),
        "median_s": median_s,
        "half_width": (high - low) / 2 / median_s if median_s else None,
        "min_s": float(spans.min()),
        "start": samples.start,
        "check": record.check.method if record.check else "",
    }
    if record.flops:
        times["flop_per_s"] = metrics.flop_rate(record.flops, median_s)
    if "flops_unpadded" in record.details:
        times["flops"] = record.flops
        times["flops_unpadded"] = record.details["flops_unpadded"]
    if record.message_bytes:
        times["algbw"] = metrics.algbw(record.message_bytes, median_s)
        times["busbw"] = metrics.busbw(record.message_bytes, median_s, record.ranks)
    return times


def _scaled(key: str, factor: float, digits: int) -> Callable[[Row], str]:
    def text(found: Row) -> str:
        value = found.get(key)
        if value is None or not math.isfinite(value):
            return "-"
        return f"{value * factor:.{digits}f}"

    return text


def _plain(key: str) -> Callable[[Row], str]:
    return lambda found: str(found.get(key, "-"))


def _verdict(found: Row) -> str:
    if found["status"] != "ok":
        return "FAIL" if found["status"] == "wrong" else str(found["status"]).upper()
    return "ok" if found.get("check") else "none"


def _size(found: Row) -> str:
    size = found["message_bytes"]
    return "-" if size is None else format_bytes(size)


Column = tuple[str, int, Callable[[Row], str]]
HEAD: tuple[Column, ...] = (
    ("variant", 12, _plain("variant")),
    ("dtype", 8, _plain("dtype")),
    ("ranks", 5, _plain("ranks")),
    ("reps", 6, _plain("repetitions")),
    ("makespan us", 12, _scaled("median_s", 1e6, 2)),
    ("+-%", 5, _scaled("half_width", 100.0, 1)),
)
FLOP: tuple[Column, ...] = (("GFLOP/s", 9, _scaled("flop_per_s", 1e-9, 2)),)
MESSAGE: tuple[Column, ...] = (
    ("algbw GB/s", 10, _scaled("algbw", 1e-9, 3)),
    ("busbw GB/s", 10, _scaled("busbw", 1e-9, 3)),
)
TAIL: tuple[Column, ...] = (("check", 7, _verdict), ("flags", 0, _plain("flags")))


class Printer:
    """Print cases as they come; JSON comes at the end, as one list."""

    def __init__(self, form: str) -> None:
        self.form = form
        self.rows: list[Row] = []
        self.columns: tuple[Column, ...] = ()

    def line(self, case: Case, record: Record) -> None:
        """Print one record."""
        found = row(case, record)
        self.rows.append(found)
        if self.form == "table":
            self._table_line(found)
        if record.status != "ok":
            print(f"{record.status}: {record.case}: {record.reason}", file=sys.stderr)
            for text in record.output:
                print(f"    {text}", file=sys.stderr)

    def _table_line(self, found: Row) -> None:
        if not self.columns:
            self.columns = self._choose(found)
            print(_join(self.columns, [title for title, _, _ in self.columns]))
        cells = [cell(found) for _, _, cell in self.columns]
        print(_join(self.columns, cells), flush=True)

    def _choose(self, found: Row) -> tuple[Column, ...]:
        if found["message_bytes"] is not None:
            problem: Column = ("size", 10, _size)
            return (problem, *HEAD, *MESSAGE, *TAIL)
        return (("problem", 22, _plain("problem")), *HEAD, *FLOP, *TAIL)

    def end(self) -> None:
        """Print what could not be printed line by line."""
        if self.form == "json":
            rows = [{k: _finite(v) for k, v in row.items()} for row in self.rows]
            print(json.dumps(rows, indent=2, allow_nan=False))
        if self.form == "csv":
            fields = list(dict.fromkeys(key for found in self.rows for key in found))
            writer = csv.DictWriter(sys.stdout, fields)
            writer.writeheader()
            writer.writerows(self.rows)


def _finite(value: Any) -> Any:
    """Return the value, None for a float that JSON has no word for."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _join(columns: Sequence[Column], cells: Sequence[str]) -> str:
    first, *rest = (
        text.rjust(width) for (_, width, _), text in zip(columns, cells, strict=True)
    )
    return " ".join([first, *rest]).rstrip()
