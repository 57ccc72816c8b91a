"""nccl-tests: the file that its option -J writes, versions 1 and 2 of its format.

It says the operation in its arguments, each rank's host among its devices, and times
with six decimals; with per-iteration timing also single times. Its copy of the
environment is not read: it may hold secrets.
"""

from collections.abc import Iterator
from statistics import mean
from typing import Any

import msgspec

from tenbin.record import Record
from tenbin.results.importers.nccl import (
    PLACES,
    TOOL,
    Op,
    Side,
    check_count,
    check_side,
    placed,
    settle_kernel,
    side_record,
)
from tenbin.results.importers.point import Given, Output
from tenbin.results.importers.text import Text
from tenbin.results.importers.tree import decode_tree, line_of

VERSIONS = (1, 2)
DIGITS = 1e-6
REQUIRED = ("time", "alg_bw", "bus_bw", "nwrong")


class Device(msgspec.Struct):
    """A rank and where it was."""

    rank: int
    group: int
    hostname: str


class Config(msgspec.Struct):
    """What was asked for."""

    devices: list[Device]
    iterations: int


class Half(msgspec.Struct, forbid_unknown_fields=True):
    """A row out of place, or in place."""

    time: float
    alg_bw: float
    bus_bw: float
    nwrong: float | None


class Single(msgspec.Struct):
    """Single times in microseconds, slowest process each, and their statistics."""

    min_us: float
    max_us: float
    p50_us: float
    avg_us: float
    times_us: list[float]


class Result(msgspec.Struct, forbid_unknown_fields=True):
    """A size."""

    size: int
    count: int
    type: str
    redop: str
    root: str
    out_of_place: Half | None
    in_place: Half | None
    actual_iterations: int | None = None
    experiment_name: str | None = None
    out_of_place_per_iter: Single | None = None
    in_place_per_iter: Single | None = None


class File(msgspec.Struct):
    """The parts of the file that are read."""

    version: int
    args: list[str]
    nccl_version: int
    config: Config
    results: list[Result]
    start_time: str
    out_of_bounds: dict[str, Any]


def detect(content: str) -> bool:
    """Return whether a text is such a file."""
    return content.startswith("{") and '"nccl_version"' in content


def nccl_json(text: Text, given: Given) -> Output:
    """Return the points of a file, out of place and in place.

    Raises UnreadableError where the file is cut off, has other keys, or its numbers do
    not agree.
    """
    file = decode_tree(text, File)
    if file.version not in VERSIONS:
        raise text.error(1, f"version {file.version}; choose from {VERSIONS}")
    devices = file.config.devices
    if [d.rank for d in devices] != list(range(len(devices))):
        raise text.error(line_of(text, '"devices"'), "ranks are missing or twice")
    if any(device.group for device in devices):
        raise text.error(line_of(text, '"devices"'), "several groups at a time")
    if not file.args or not devices or not file.results:
        raise text.error(0, "no arguments, no devices or no results")
    hosts = [device.hostname for device in devices]
    op = Op(
        settle_kernel(text, line_of(text, '"args"'), file.args[0], given),
        placed(text, line_of(text, '"devices"'), hosts, given),
        f"NCCL {file.nccl_version}",
        started=file.start_time,
    )
    records = [
        record
        for number, result in enumerate(file.results)
        for record in _records(text, number, result, op, given, file)
    ]
    return Output(TOOL, op.version, records, {"hosts": sorted(set(hosts))})


def _records(
    text: Text, number: int, result: Result, op: Op, given: Given, file: File
) -> Iterator[Record]:
    line = line_of(text, '"size"', number)
    before = file.results[number - 1].size if number else -1
    if result.size <= before and (result.size or before):
        raise text.error(line, f"size {result.size} after {before}: sizes rise")
    check_count(text, line, result.size, result.count, result.type, op)
    again = (
        sum(not r.size for r in file.results[: number + 1]) if not result.size else 0
    )
    problem = {
        name: getattr(result, name) for name in ("type", "redop", "root", "count")
    }
    for name in PLACES:
        half = getattr(result, name)
        if half is None:
            continue
        single = getattr(result, f"{name}_per_iter")
        _check_single(text, line, single)
        side = _side(half, single)
        check_side(text, line, result.size, side, op, DIGITS)
        yield side_record(
            text, line, result.size, name, side, _with(op, result), given, problem,
            again if again > 1 else 0,
        )  # fmt: skip


def _check_single(text: Text, line: int, single: Single | None) -> None:
    """Raise UnreadableError unless the statistics are those of the single times."""
    if single is None:
        return
    times = sorted(single.times_us)
    if not times:
        raise text.error(line, "no single times")
    told = (single.min_us, single.p50_us, single.max_us, single.avg_us)
    found = (times[0], times[len(times) // 2], times[-1], mean(times))
    if any(abs(a - b) > 2 * DIGITS for a, b in zip(told, found, strict=True)):
        raise text.error(line, "min, median, max or mean are not those of the times")


def _with(op: Op, result: Result) -> Op:
    return Op(op.kernel, op.place, op.version, op.started, result.actual_iterations)


def _side(half: Half, single: Single | None) -> Side:
    values = {name: getattr(half, name) for name in REQUIRED}
    return Side(
        time_us=half.time,
        algbw=half.alg_bw,
        busbw=half.bus_bw,
        wrong=None if half.nwrong is None else half.nwrong > 0,
        reported={k: "null" if v is None else v for k, v in values.items()},
        half_us=DIGITS,
        times_us=tuple(single.times_us) if single else (),
        min_us=single.min_us if single else None,
        max_us=single.max_us if single else None,
        median_us=single.p50_us if single else None,
    )
