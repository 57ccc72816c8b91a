"""nccl-tests: the table that all_reduce_perf and its kin print, versions 2.0 to 2.17.

    # nThread 1 nGpus 1 minBytes 8 maxBytes 1024 ...
    #  Rank  0 Group  0 Pid   6899 on node0 device  0 [0000:04:00] NVIDIA H100
    #                                            out-of-place            in-place
    #   size   count  type  redop  root   time  algbw  busbw #wrong   time  algbw ...
           8       2 float    sum    -1  22.54   0.00   0.00      0  24.94   0.00 ...

Old versions print an error where newer ones print a count of wrong values, have no
root, and none before 2.17 says which operation it is: `--kernel` does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

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
from tenbin.results.importers.text import (
    ROW,
    WHOLE,
    Row,
    Text,
    check_row,
    half_unit,
    number,
    reported,
    split_row,
)

VERSION = re.compile(r"# nccl-tests version (\S+).*")
TEST = re.compile(r"# Collective test (starting|concluded): (\S+)\s*")
DEVICE = re.compile(
    r"#\s+Rank\s+(\d+) (?:Group\s+(\d+) )?Pid\s+\d+ on\s+(\S+) device\s+\d+ \[.+"
)
ITERATIONS = re.compile(r"# nThread .* warmup iters: \d+ iters: (\d+) .*")
LOG = re.compile(r"\S+:\d+:\d+ \[\d+\] NCCL (INFO|WARN|TRACE) .*|NCCL version .*")
SIDE = re.compile(r"time algbw busbw (error|#wrong)( i_min i_max i_p99 i_cv%)?")
UNITS = ["(us)", "(GB/s)", "(GB/s)"]
ITERATION_UNITS = ["(us)", "(us)", "(us)", "(%)"]
HEAD = re.compile(r"size count type( redop)?( root)?")
TIME = re.compile(r"\d{1,4}\.\d\d|\d{3,4}\.\d|\d{5}\.\d|\d{5,7}|\d\.\de\+\d\d")
RATE = re.compile(r"\d{1,4}\.\d\d|\d{3,4}\.\d|\d{5,6}|\d\.?\d?e\+\d\d")
WRONG = re.compile(r"\d{1,6}|\d(\.\d+)?e\+\d\d|N/A")
ERROR = re.compile(r"\d(\.\d+)?e[-+]\d\d\*?|0|N/A|inf\*?|nan\*?")
GAP = 2  # blanks between columns
DIGITS = 0.0051


@dataclass
class _Table:
    """What the lines above the rows say, and the sizes read so far."""

    version: str = ""
    program: str = ""
    iterations: int | None = None
    hosts: list[str] = field(default_factory=list)
    header: Row | None = None
    titles: list[str] = field(default_factory=list)  # of one side
    units: bool = False
    last: int = 0
    words: list[str] = field(default_factory=list)  # of the row above
    seen: dict[int, int] = field(default_factory=dict)
    closed: bool = False


def detect(content: str) -> bool:
    """Return whether a text holds the table of nccl-tests."""
    header = r"^#\s+size\s+count\s+type\s.*algbw\s+busbw"
    return re.search(header, content, re.MULTILINE) is not None


def nccl_tests(text: Text, given: Given) -> Output:
    """Return the points of the one table of a file, out of place and in place.

    Raises UnreadableError for anything in the table that is not a row of it, and where
    times, rates and rank count do not agree.
    """
    table, records = _Table(), list[Record]()
    for line, content in enumerate(text.lines, 1):
        if content.startswith("#"):
            _comment(text, line, content, table)
        elif not content.strip():
            table.closed = bool(records)
        elif LOG.fullmatch(content):
            continue
        elif table.header is not None and not table.closed:
            records.extend(_row(text, split_row(line, content), table, given))
        elif ROW.fullmatch(content) or _looks_like_row(content):
            raise text.error(line, "a row of numbers outside the table")
    if not records:
        raise text.error(0, "no table of nccl-tests with a row")
    machine = {"hosts": sorted(set(table.hosts))} if table.hosts else {}
    return Output(TOOL, table.version, records, machine)


def _looks_like_row(content: str) -> bool:
    words = content.split()
    return len(words) > 8 and words[0].isdigit()


def _comment(text: Text, line: int, content: str, table: _Table) -> None:
    if found := VERSION.fullmatch(content):
        table.version = found[1]
    elif found := TEST.fullmatch(content):
        if table.program not in ("", found[2]):
            raise text.error(line, f"{found[2]} in an output of {table.program}")
        table.program = found[2]
    elif found := ITERATIONS.fullmatch(content):
        table.iterations = int(found[1])
    elif found := DEVICE.fullmatch(content):
        if int(found[1]) != len(table.hosts) or int(found[2] or 0):
            raise text.error(line, f"rank {found[1]} where {len(table.hosts)} is next")
        table.hosts.append(found[3])
    elif re.match(r"#\s+Rank\s", content):
        raise text.error(line, "not a rank of nccl-tests")
    elif content.split()[1:2] == ["size"]:
        _header(text, line, content, table)
    elif content.split()[1:2] == ["(B)"]:
        _units(text, line, content, table)
    elif table.seen and content.strip() != "#":
        table.closed = True


def _header(text: Text, line: int, content: str, table: _Table) -> None:
    if table.header is not None:
        raise text.error(line, "a second table")
    header = split_row(line, content)
    titles = header.words[1:]
    starts = [i for i, title in enumerate(titles) if title == "time"]
    if len(starts) != 2:
        raise text.error(line, "not two columns with a time, as nccl-tests has them")
    head, sides = (
        titles[: starts[0]],
        (titles[starts[0] : starts[1]], titles[starts[1] :]),
    )
    known = HEAD.fullmatch(" ".join(head)) and SIDE.fullmatch(" ".join(sides[0]))
    if not known or sides[0] != sides[1]:
        raise text.error(line, "not the columns of nccl-tests")
    table.header = Row(line, titles, header.ends[1:])
    table.titles = sides[0]


def _units(text: Text, line: int, content: str, table: _Table) -> None:
    side = [*UNITS, *(ITERATION_UNITS if len(table.titles) > 4 else [])]
    if content.split()[1:] != ["(B)", "(elements)", *side, *side]:
        raise text.error(line, "not the units of nccl-tests")
    table.units = True


def _row(text: Text, row: Row, table: _Table, given: Given) -> Iterator[Record]:
    assert table.header is not None
    if not table.units:
        raise text.error(row.line, "a row without the line of units above")
    check_row(text, table.header, row, GAP)
    head = len(row.words) - 2 * len(table.titles)
    named = dict(zip(table.header.words[:head], row.words[:head], strict=True))
    size = int(number(text, row, 0, "size", WHOLE))
    count = int(number(text, row, 1, "count", WHOLE))
    op = _operation(text, row.line, table, given)
    check_count(text, row.line, size, count, named["type"], op)
    if row.words == table.words:
        raise text.error(row.line, "the row above again")
    table.words = row.words
    _check_rise(text, row.line, size, table)
    again = table.seen[size] if table.seen[size] > 1 else 0
    problem: dict[str, str | int] = {**named, "count": count}
    for half, name in enumerate(PLACES):
        side = _side(text, row, head + half * len(table.titles), table.titles)
        check_side(text, row.line, size, side, op, DIGITS)
        yield side_record(text, row.line, size, name, side, op, given, problem, again)


def _check_rise(text: Text, line: int, size: int, table: _Table) -> None:
    """Sizes rise; only size 0, to which small ones are rounded, may come again."""
    if table.seen and size <= table.last and (size or table.last):
        raise text.error(line, f"size {size} after {table.last}: sizes rise")
    table.last = size
    table.seen[size] = table.seen.get(size, 0) + 1


def _operation(text: Text, line: int, table: _Table, given: Given) -> Op:
    kernel = settle_kernel(text, line, table.program, given)
    place = placed(text, line, table.hosts, given)
    return Op(kernel, place, table.version, repetitions=table.iterations)


def _side(text: Text, row: Row, start: int, titles: list[str]) -> Side:
    def value(place: int, form: re.Pattern[str]) -> float:
        return number(text, row, start + place, titles[place], form)

    verdict, form = row.words[start + 3], WRONG if titles[3] == "#wrong" else ERROR
    if form.fullmatch(verdict) is None:
        raise text.error(row.line, f"{titles[3]}: {verdict!r:.40}")
    bad = verdict[-1] == "*" if titles[3] == "error" else verdict != "0"
    words = row.words[start : start + len(titles)]
    extra = [value(place, TIME) for place in range(4, len(titles))]
    if extra and not extra[0] <= extra[2] <= extra[1]:
        raise text.error(row.line, "i_p99 is not between i_min and i_max")
    return Side(
        time_us=value(0, TIME),
        algbw=value(1, RATE),
        busbw=value(2, RATE),
        wrong=None if verdict == "N/A" else bad,
        reported=reported(titles, words),
        half_us=half_unit(words[0]),
        min_us=extra[0] if extra else None,
        max_us=extra[1] if extra else None,
    )
