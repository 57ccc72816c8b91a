"""OSU Micro-Benchmarks, versions 3 to 7: point-to-point, collectives, non-blocking.

    # OSU MPI Allreduce Latency Test v7.4
    # Datatype: MPI_INT.
    # Size       Avg Latency(us)   Min Latency(us)   Max Latency(us)  Iterations
    4                       1.34              1.20              1.51        1000

Collectives print neither ranks nor, before version 7, the datatype. A time is the mean
over ranks of each rank's mean over iterations; `-f` adds the fastest and slowest rank.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tenbin.record import CheckRow, Record, Summary
from tenbin.results.importers.osu_tests import (
    EACH_RANK,
    NONBLOCKING,
    ONE_BUFFER,
    PAIR,
    TESTS,
)
from tenbin.results.importers.point import (
    Given,
    Output,
    Place,
    point,
    settle_dtype,
    settle_place,
    size_label,
)
from tenbin.results.importers.text import (
    ROW,
    TWO_DECIMALS,
    WHOLE,
    Row,
    Text,
    check_row,
    doubling,
    number,
    reported,
    split_header,
    split_row,
)

TITLE = re.compile(r"# OSU (MPI.+) Test v(\d+(?:\.\d+){0,2})\s*")
DEVICE = re.compile(r"-(CUDA|ROCM|OPENACC|CXL)( MANAGED)?\b")
PAIRS = re.compile(r"# \[ pairs: (\d+) \] \[ window size: (\d+) \]\s*")
DATATYPE = re.compile(r"# Datatype: (\w+)\.\s*")
NOTES = re.compile(
    r"#\s*(Overall = .*|Window creation: .*|Synchronization: .*|Rank 0 Memory on .*"
    r"|Send Buffer on .*|Number of Sender threads: .*)?"
)
MEAN = ("Latency (us)", "Avg Latency(us)", "Overall(us)")
RATE = ("Bandwidth (MB/s)", "MB/s")
TIMES = {
    *MEAN,
    "Min Latency(us)",
    "Max Latency(us)",
    "Compute(us)",
    "Coll. Init(us)",
    "MPI_Test(us)",
    "MPI_Wait(us)",
    "Pure Comm.(us)",
    "Min Comm.(us)",
    "Max Comm.(us)",
}
DECIMAL = {*TIMES, *RATE, "Messages/s", "Overlap(%)"}
TAIL = re.compile(r"P\d{1,2} Tail (Lat\(us\)|BW\(MB/s\))")
COUNTS = ("Size", "Iterations", "Transmit Size")


@dataclass
class _Table:
    """What the lines above a table say, and the sizes read so far."""

    title: str
    version: str
    device: str
    datatype: str = ""
    pairs: int | None = None
    header: Row | None = None
    open: bool = False
    sizes: list[int] = field(default_factory=list)


def detect(content: str) -> bool:
    """Return whether a text holds an output of these benchmarks."""
    return re.search(r"^# OSU MPI", content, re.MULTILINE) is not None


def osu(text: Text, given: Given) -> Output:
    """Return the points of all tables of a file.

    Raises UnreadableError for a test, a column or a row that is not known.
    """
    records: list[Record] = []
    table: _Table | None = None
    for line, content in enumerate(text.lines, 1):
        if content.startswith("#"):
            table = _comment(text, line, content, table)
        elif not content.strip():
            if table is not None:
                table.open = False
        elif table is not None and table.open:
            records.extend(_rows(text, split_row(line, content), table, given))
        elif ROW.fullmatch(content):
            raise text.error(line, "a row of numbers outside a table")
    if not records:
        raise text.error(0, "no table of an OSU benchmark with a row")
    assert table is not None
    return Output("OSU Micro-Benchmarks", table.version, records, {})


def _comment(text: Text, line: int, content: str, table: _Table | None) -> _Table:
    if content.startswith("# OSU"):
        return _titled(text, line, content)
    if table is None:
        raise text.error(line, "expected a title such as # OSU MPI Latency Test v7.4")
    if found := DATATYPE.fullmatch(content):
        table.datatype = found[1]
    elif found := PAIRS.fullmatch(content):
        table.pairs = int(found[1])
    elif NOTES.fullmatch(content) is None:
        if table.header is not None:
            raise text.error(line, "a second header under one title")
        table.header, table.open = _header(text, line, content, table.title), True
    return table


def _titled(text: Text, line: int, content: str) -> _Table:
    found = TITLE.fullmatch(content)
    title = DEVICE.sub("", found[1]).removeprefix("MPI ") if found else ""
    if found is None or title not in TESTS:
        known = ", ".join(TESTS)
        raise text.error(line, f"not a test that can be read; choose from {known}")
    device = DEVICE.search(found[1])
    return _Table(title, found[2], device[0].lstrip("-") if device else "")


def _header(text: Text, line: int, content: str, test: str) -> Row:
    header = split_header(content, line)
    for title in header.words:
        if title not in (*DECIMAL, *COUNTS, "Validation") and not TAIL.fullmatch(title):
            raise text.error(line, f"not a column that can be read: {title!r:.40}")
    if len(set(header.words)) != len(header.words):
        raise text.error(line, "a column twice")
    expected: tuple[str, ...] = RATE if "Bandwidth" in test else MEAN[:2]
    if test in NONBLOCKING:
        expected = MEAN[2:]
    if sum(title in (*MEAN, *RATE) for title in header.words) != 1 or not (
        set(header.words) & set(expected)
    ):
        raise text.error(line, f"not the columns of {test}")
    return header


def _rows(text: Text, row: Row, table: _Table, given: Given) -> Iterator[Record]:
    assert table.header is not None
    check_row(text, table.header, row)
    values: dict[str, float] = {}
    for place, title in enumerate(table.header.words):
        if title == "Validation":
            if row.words[place] not in ("Pass", "Fail"):
                raise text.error(row.line, f"Validation: {row.words[place]!r:.40}")
            continue
        form = WHOLE if title in COUNTS else TWO_DECIMALS
        values[title] = number(text, row, place, title, form)
    _check_values(text, row.line, values)
    if "Size" in values:
        table.sizes.append(int(values["Size"]))
        doubling(text, row.line, table.sizes)
    elif table.sizes:
        raise text.error(row.line, "a second row of a test without sizes")
    else:
        table.sizes.append(0)
    yield _point(text, row, table, values, given)


def _check_values(text: Text, line: int, values: dict[str, float]) -> None:
    """Raise UnreadableError for numbers of a row that contradict each other."""
    for low, middle, high in (
        ("Min Latency(us)", "Avg Latency(us)", "Max Latency(us)"),
        ("Min Comm.(us)", "Pure Comm.(us)", "Max Comm.(us)"),
    ):
        if low not in values or high not in values or middle not in values:
            continue
        if not values[low] - 0.011 <= values[middle] <= values[high] + 0.011:
            raise text.error(line, f"{middle} is not between {low} and {high}")
    if "Messages/s" in values and "Size" in values:
        rate = values["Messages/s"] * values["Size"] / 1e6
        if abs(rate - values["MB/s"]) > 0.006 + 0.0051e-6 * values["Size"]:
            raise text.error(line, "MB/s is not messages/s times the size")
    if "Overall(us)" in values:
        _check_overlap(text, line, values)


def _check_overlap(text: Text, line: int, values: dict[str, float]) -> None:
    """Overlap is what of the communication is not seen beside the computation."""
    names = ("Overall(us)", "Compute(us)", "Pure Comm.(us)", "Overlap(%)")
    if any(name not in values for name in names):
        raise text.error(line, f"expected the columns {', '.join(names)}")
    overall, compute, pure, overlap = (values[name] for name in names)
    seen = (overall - compute) / pure if pure else 0.0
    error = 0.006 + (1.1 + 0.6 * abs(seen)) / pure if pure else 100.0
    if abs(max(0.0, 100.0 - 100.0 * seen) - overlap) > error:
        raise text.error(line, "the overlap does not follow from its times")


def _point(
    text: Text, row: Row, table: _Table, values: dict[str, float], given: Given
) -> Record:
    assert table.header is not None
    kernel = TESTS[table.title]
    place = _place(text, row.line, table, kernel, given)
    size = table.sizes[-1] if "Size" in values else None
    words = dict(zip(table.header.words, row.words, strict=True))
    verdict = words.get("Validation")
    check = None
    if verdict:
        check = CheckRow(
            ok=verdict == "Pass", error=None, method="OSU validation", repetitions=0
        )
    return point(
        place,
        kernel=kernel,
        variant=given.variant or f"OSU {table.device.lower()}".strip(),
        dtype=settle_dtype(text, row.line, table.datatype, given),
        label=size_label(size) if size is not None else "",
        message_bytes=_message_bytes(kernel, size, place.ranks),
        summary=_summary(table, row, values),
        check=check,
        problem={} if size is None else {"size_bytes": size},
        details={"tool": "OSU Micro-Benchmarks", "version": table.version},
    )


def _place(text: Text, line: int, table: _Table, kernel: str, given: Given) -> Place:
    said = 2 * table.pairs if table.pairs else None
    if kernel in PAIR.values() and "multi" not in kernel:
        said = 2
    return settle_place(text, line, said, given)


def _message_bytes(kernel: str, size: int | None, ranks: int) -> int | None:
    """Return the bytes of the buffer on one rank, the total one where it is shared."""
    if size is None:
        return None
    if kernel in EACH_RANK:
        return size * ranks
    return size if kernel in ONE_BUFFER else None


def _summary(table: _Table, row: Row, values: dict[str, float]) -> Summary:
    def seconds(*titles: str) -> float | None:
        found = [values[title] for title in titles if title in values]
        return found[0] / 1e6 if found else None

    rate = next((values[title] for title in RATE if title in values), None)
    assert table.header is not None
    times = "mean over ranks of each rank's mean over iterations"
    if "Latency (us)" in values:
        times = "mean over iterations, one way"
    if "Overall(us)" in values:
        times += ", with the computation that it overlaps"
    return Summary(
        definition=times if rate is None else "mean rate over iterations",
        mean_s=seconds(*MEAN),
        min_s=seconds("Min Latency(us)"),
        max_s=seconds("Max Latency(us)"),
        byte_per_s=None if rate is None else rate * 1e6,
        repetitions=int(values["Iterations"]) if "Iterations" in values else None,
        reported=reported(table.header.words, row.words),
    )
