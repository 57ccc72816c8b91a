"""Google Benchmark: the JSON of --benchmark_format=json, versions 1.3 to 1.9.

Each entry is a repetition, itself a mean over iterations, or an aggregate of them. What
belongs to one name becomes one record; custom counters are kept as they were reported.
"""

import json
import math
import re
from dataclasses import dataclass, field
from statistics import mean, median
from typing import Any

import msgspec

from tenbin.record import Record, Summary
from tenbin.results.importers.point import (
    Given,
    Output,
    Place,
    point,
    settle_place,
)
from tenbin.results.importers.text import Text
from tenbin.results.importers.tree import decode_tree, line_of

TOOL = "Google Benchmark"
UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
OLD_AGGREGATE = re.compile(r"(.+)_(mean|median|stddev|cv|BigO|RMS)")
FIT = ("BigO", "RMS")
CLOSE = 1e-5  # the mean that is reported and that of the repetitions


class File(msgspec.Struct):
    """The file: where it was measured, and the entries."""

    context: dict[str, Any]
    benchmarks: list[dict[str, Any]]


class Entry(msgspec.Struct, kw_only=True):
    """The keys of an entry that are read; others are counters or bookkeeping."""

    name: str
    run_name: str = ""
    run_type: str = ""
    aggregate_name: str = ""
    aggregate_unit: str = "time"
    repetitions: int | None = None
    repetition_index: int | None = None
    threads: int | None = None
    iterations: int | None = None
    real_time: float | None = None
    cpu_time: float | None = None
    time_unit: str = ""
    error_occurred: bool = False
    error_message: str = ""
    skipped: bool = False
    skip_message: str = ""


OWN = frozenset(Entry.__struct_fields__)


@dataclass
class _Group:
    """The entries of one name."""

    line: int
    unit: str
    repetitions: list[Entry] = field(default_factory=list)
    aggregates: dict[str, Entry] = field(default_factory=dict)
    counters: dict[str, str | float] = field(default_factory=dict)
    error: str = ""


def detect(content: str) -> bool:
    """Return whether a text is such a file."""
    return (
        content.lstrip().startswith("{")
        and '"benchmarks"' in content
        and '"context"' in content
    )


def google_benchmark(text: Text, given: Given) -> Output:
    """Return one point per name, in the order of the file.

    Raises UnreadableError where the file is cut off, an entry lacks a key, or the
    aggregates are not those of the repetitions.
    """
    file = decode_tree(text, File)
    groups: dict[str, _Group] = {}
    for index, tree in enumerate(file.benchmarks):
        line = line_of(text, '"name"', index)
        entry = _entry(text, line, tree)
        _take(text, line, entry, tree, groups)
    if not groups:
        raise text.error(0, "no benchmark")
    version = str(file.context.get("library_version", ""))
    started = str(file.context.get("date", ""))
    single = any(group.repetitions for group in groups.values())
    records = [
        _record(text, name, group, given, version, started)
        for name, group in groups.items()
        if not _is_fit(text, group, single)
    ]
    return Output(TOOL, version, records, _machine(file.context))


def _is_fit(text: Text, group: _Group, single: bool) -> bool:
    """Return whether a group is no point; it needs repetitions where others do."""
    if set(group.aggregates) - set(FIT) and single and not group.repetitions:
        raise text.error(group.line, "aggregates without their repetitions")
    return not (group.repetitions or set(group.aggregates) - set(FIT) or group.error)


def _machine(context: dict[str, Any]) -> dict[str, Any]:
    machine = {"reported": context}
    host = context.get("host_name")
    return {"hostname": host, **machine} if isinstance(host, str) else machine


def _entry(text: Text, line: int, tree: dict[str, Any]) -> Entry:
    try:
        entry = msgspec.convert(tree, Entry)
    except msgspec.ValidationError as error:
        raise text.error(line, str(error)) from None
    if entry.run_type not in ("", "iteration", "aggregate"):
        raise text.error(line, f"run_type: {entry.run_type!r:.40}")
    old = OLD_AGGREGATE.fullmatch(entry.name) if not entry.run_type else None
    if old:
        entry = msgspec.structs.replace(
            entry, run_type="aggregate", aggregate_name=old[2], run_name=old[1]
        )
    if entry.run_type == "aggregate" and not (entry.aggregate_name and entry.run_name):
        raise text.error(line, "an aggregate without aggregate_name and run_name")
    return entry


def _take(
    text: Text, line: int, entry: Entry, tree: dict[str, Any], groups: dict[str, _Group]
) -> None:
    name = entry.run_name or entry.name
    failed = entry.error_occurred or entry.skipped
    fit = entry.aggregate_name in FIT
    if not failed and not fit:
        _check_times(text, line, entry)
    group = groups.setdefault(name, _Group(line, entry.time_unit))
    group.unit = group.unit or entry.time_unit
    if entry.time_unit and entry.time_unit != group.unit:
        raise text.error(line, f"time_unit {entry.time_unit}, before it {group.unit}")
    if failed:
        group.error = entry.error_message or entry.skip_message or "no reason given"
    elif entry.run_type == "aggregate":
        if entry.aggregate_name in group.aggregates:
            raise text.error(line, f"{entry.aggregate_name} of {name:.60} twice")
        group.aggregates[entry.aggregate_name] = entry
    else:
        _check_repetition(text, line, entry, group)
        group.repetitions.append(entry)
    if entry.run_type != "aggregate":
        group.counters |= {k: v for k, v in tree.items() if k not in OWN}


def _check_times(text: Text, line: int, entry: Entry) -> None:
    if entry.aggregate_unit == "percentage":
        return
    if entry.real_time is None or entry.cpu_time is None or entry.iterations is None:
        raise text.error(line, "no real_time, cpu_time or iterations")
    if entry.time_unit not in UNITS:
        known = ", ".join(UNITS)
        raise text.error(
            line, f"time_unit {entry.time_unit!r:.20}; choose from {known}"
        )
    for time in (entry.real_time, entry.cpu_time):
        if not math.isfinite(time) or time < 0.0:
            raise text.error(line, f"not a time: {time}")


def _check_repetition(text: Text, line: int, entry: Entry, group: _Group) -> None:
    expected = len(group.repetitions)
    if entry.repetition_index is not None and entry.repetition_index != expected:
        raise text.error(
            line, f"repetition {entry.repetition_index} where {expected} is next"
        )
    first = group.repetitions[0] if group.repetitions else entry
    if (entry.threads, entry.repetitions) != (first.threads, first.repetitions):
        raise text.error(line, "threads or repetitions differ within one name")


def _record(
    text: Text, name: str, group: _Group, given: Given, version: str, started: str
) -> Record:
    _check_group(text, name, group)
    scale = UNITS.get(group.unit, math.nan)
    entries = group.repetitions
    any_entry = next(iter([*entries, *group.aggregates.values()]), None)
    threads = any_entry.threads if any_entry else None
    summary = None if group.error else _summary(group, scale)
    if summary is None and not group.error:
        raise text.error(group.line, f"{name:.60}: no time")
    head, _, arguments = name.partition("/")
    return point(
        Place(settle_place(text, group.line, 1, given).ranks, 1, 1),
        kernel=given.kernel or head,
        variant=given.variant or TOOL,
        dtype=given.dtype,
        label=arguments,
        summary=summary,
        status="failed" if group.error else "ok",
        reason=group.error,
        problem={"name": name},
        details={"tool": TOOL, "version": version}
        | ({"threads": threads} if threads is not None else {}),
        started=started,
    )


def _check_group(text: Text, name: str, group: _Group) -> None:
    """Raise UnreadableError where repetitions are missing, or their mean is another."""
    entries = group.repetitions
    asked = entries[0].repetitions if entries else None
    if asked is not None and asked != len(entries) and not group.error:
        what = f"{name:.60}: {len(entries)} of {asked} repetitions"
        raise text.error(group.line, what)
    for told, compute in (("mean", mean), ("median", median)):
        aggregate = group.aggregates.get(told)
        if aggregate is None or not entries or group.error:
            continue
        for key in ("real_time", "cpu_time"):
            value = compute([getattr(entry, key) for entry in entries])
            if not math.isclose(value, getattr(aggregate, key), rel_tol=CLOSE):
                raise text.error(group.line, f"{name:.60}: {key}: another {told}")


def _summary(group: _Group, scale: float) -> Summary | None:
    def seconds(name: str) -> float | None:
        entry = group.aggregates.get(name)
        if entry is None or entry.real_time is None:
            return None
        return entry.real_time * scale

    single = [
        entry.real_time * scale
        for entry in group.repetitions
        if entry.real_time is not None
    ]
    only = single[0] if len(single) == 1 else None
    if not single and seconds("mean") is None and seconds("median") is None:
        return None
    return Summary(
        definition="real time of an iteration: each repetition a mean over iterations",
        mean_s=seconds("mean") if only is None else only,
        median_s=seconds("median"),
        times_s=single if len(single) > 1 else [],
        repetitions=len(single) or None,
        reported=_reported(group),
    )


def _reported(group: _Group) -> dict[str, str | float]:
    """Return all numbers of the group: of each entry, by its index or its name."""
    row: dict[str, str | float] = {"time_unit": group.unit}
    named = {str(i): entry for i, entry in enumerate(group.repetitions)}
    for name, entry in (named | group.aggregates).items():
        for key in ("real_time", "cpu_time", "iterations"):
            value = getattr(entry, key)
            if value is not None:
                row[f"{key}[{name}]"] = value
    plain = {
        key: value if isinstance(value, int | float | str) else json.dumps(value)
        for key, value in group.counters.items()
    }
    return row | plain
