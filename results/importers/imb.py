"""Intel MPI Benchmarks, versions 3 to 2021: IMB-MPI1 and IMB-NBC, one group at a time.

    #---------------------------------------------------
    # Benchmarking Allreduce
    # #processes = 4
    # ( 4 additional processes waiting in MPI_Barrier)
    #---------------------------------------------------
           #bytes #repetitions  t_min[usec]  t_max[usec]  t_avg[usec]
                8         1000         1.20         1.51         1.34

Times are means over repetitions: of the fastest, the slowest rank, and over ranks. A
transfer between two ranks has one time, that of one way for PingPong.
"""

import re
from dataclasses import dataclass, field

from tenbin.record import CheckRow, Record, Status, Summary
from tenbin.results.importers.imb_tables import (
    BENCHMARKS,
    BYTES_MOVED,
    COLUMNS,
    COUNT,
    DEFECTS,
    EACH_RANK,
    ONE_BUFFER,
    OVERLAP,
    RANGE,
    RATE,
    REDUCTIONS,
    SIZE,
)
from tenbin.results.importers.point import (
    DTYPES,
    Given,
    Output,
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
    number,
    reported,
    rising,
    split_row,
)

TOOL = "Intel MPI Benchmarks"
VERSION = re.compile(
    r"#\s+Intel ?\((?:R|tm)\) MPI Benchmark(?:s| Suite)\s+(?:Version )?V?(\d[\d.]*).*"
)
BENCHMARK = re.compile(r"# Benchmarking (Multi-)?(\w+)\s*")
PROCESSES = re.compile(r"# #processes = (\d+)\s*")
FACT = re.compile(r"#\s+(Date|Machine|System|Release|Version|MPI Version)\s*: (.*)")
DATATYPE = re.compile(r"#\s+MPI_Datatype( for reductions)?\s*:\s*(\w+)\s*")
FAILED = re.compile(r"\s*(\d+) (out-of-mem\.|int-overflow\.|time-out\.);?(.*)")
MEGA, OLD_MEGA = 1e6, 2**20  # bytes; from version 2018 on, and before


@dataclass
class _File:
    """What the lines above say: of the file, and of the table that is open."""

    version: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    datatypes: dict[bool, str] = field(default_factory=dict)
    announced: str = ""  # the benchmark of the next table, and its ranks
    processes: int | None = None
    name: str = ""
    ranks: int = 0
    header: Row | None = None
    sizes: list[int] = field(default_factory=list)


def detect(content: str) -> bool:
    """Return whether a text holds an output of these benchmarks."""
    return (
        re.search(r"^#\s+Intel ?\((R|tm)\) MPI Bench", content, re.MULTILINE)
        is not None
    )


def imb(text: Text, given: Given) -> Output:
    """Return the points of all tables of a file.

    Raises UnreadableError for a benchmark, a column or a row that is not known.
    """
    file, records = _File(), list[Record]()
    for line, content in enumerate(text.lines, 1):
        if content.lstrip().startswith("#") and not content.startswith("#"):
            _header(text, line, content, file)
        elif content.startswith("#"):
            _comment(text, line, content, file)
        elif not content.strip():
            file.header = None
        elif file.header is not None:
            records.append(_record(text, line, content, file, given))
        elif ROW.fullmatch(content) or FAILED.fullmatch(content):
            raise text.error(line, "a row of numbers outside a table")
    if not records:
        raise text.error(0, "no table of the Intel MPI Benchmarks with a row")
    return Output(TOOL, file.version, records, dict(file.facts))


def _comment(text: Text, line: int, content: str, file: _File) -> None:
    if found := VERSION.fullmatch(content):
        file.version = found[1].rstrip(".")
    elif found := FACT.fullmatch(content):
        file.facts[found[1]] = found[2].strip()
    elif found := DATATYPE.fullmatch(content):
        file.datatypes[bool(found[1])] = found[2]
    elif content.startswith("# Benchmarking"):
        found = BENCHMARK.fullmatch(content)
        if found is None or found[2] not in BENCHMARKS or found[1]:
            known = ", ".join(BENCHMARKS)
            raise text.error(
                line, f"not a benchmark that can be read; choose from {known}"
            )
        file.announced, file.processes = BENCHMARKS[found[2]], None
        file.header = None
    elif content.startswith("# #proc"):
        found = PROCESSES.fullmatch(content)
        if found is None:
            raise text.error(line, "not a number of processes")
        file.processes = int(found[1])
    elif re.match(r"#[-\s]*$", content) is None and file.header is not None:
        file.header = None


def _header(text: Text, line: int, content: str, file: _File) -> None:
    header = split_row(line, content)
    if header.words not in COLUMNS:
        raise text.error(line, "not the columns of a table that can be read")
    if not file.version:
        raise text.error(line, "a table before the version of the benchmarks")
    if not file.announced or file.processes is None:
        raise text.error(line, "a table without its benchmark and number of processes")
    file.name, file.ranks = file.announced, file.processes
    file.announced, file.processes = "", None
    file.header, file.sizes = header, []


def _record(text: Text, line: int, content: str, file: _File, given: Given) -> Record:
    assert file.header is not None
    failed = FAILED.fullmatch(content)
    if failed is not None:
        return _failed(text, line, failed, file, given)
    row = split_row(line, content)
    check_row(text, file.header, row)
    titles = file.header.words
    values = {
        title: number(text, row, place, title, _form(title))
        for place, title in enumerate(titles)
    }
    _check_values(text, line, values, file)
    if SIZE in values:
        file.sizes.append(int(values[SIZE]))
        rising(text, line, file.sizes)
    elif file.sizes:
        raise text.error(line, "a second row of a benchmark without sizes")
    else:
        file.sizes.append(0)
    summary = _summary(values, reported(titles, row.words), file)
    defects = values.get(DEFECTS)
    check = None
    if defects is not None:
        check = CheckRow(
            ok=defects == 0.0, error=None, method="IMB defects", repetitions=0
        )
    size = int(values[SIZE]) if SIZE in values else None
    return _point(text, line, size, file, given, summary, check)


def _form(title: str) -> re.Pattern[str]:
    return WHOLE if title in (SIZE, COUNT, "Msg/sec") else TWO_DECIMALS


def _check_values(text: Text, line: int, values: dict[str, float], file: _File) -> None:
    """Raise UnreadableError for numbers of a row that contradict each other."""
    if RANGE[0] in values:
        low, high, mean = (values[title] for title in RANGE)
        if not low - 0.011 <= mean <= high + 0.011:
            raise text.error(line, "t_avg is not between t_min and t_max")
    time = values.get("t[usec]", values.get("t_max[usec]"))
    if RATE in values and time and SIZE in values:
        moved = values[SIZE] * BYTES_MOVED.get(file.name, 1) / time
        error = 0.006 + moved * (0.006 / time + 0.0001)
        if not any(
            abs(moved * 1e6 / mega - values[RATE]) <= error for mega in (MEGA, OLD_MEGA)
        ):
            raise text.error(line, f"{RATE} is not the bytes over the time")
    if "Msg/sec" in values:
        rate = values["Msg/sec"] * values[SIZE] / 1e6
        if abs(rate - values[RATE]) > 0.006 + values[SIZE] / 1e6:
            raise text.error(line, f"{RATE} is not the messages times the size")
    if OVERLAP[0] in values:
        _check_overlap(text, line, *(values[title] for title in OVERLAP))


def _check_overlap(
    text: Text, line: int, together: float, pure: float, busy: float, share: float
) -> None:
    """Overlap is what is saved, of the longer (older versions: shorter) of the two."""
    saved = 100.0 * (pure + busy - together)
    for whole in (max(pure, busy), min(pure, busy)):
        if (
            whole
            and abs(max(0.0, min(100.0, saved / whole)) - share) < 0.01 + 3 / whole
        ):
            return
    raise text.error(line, "the overlap does not follow from its times")


def _summary(
    values: dict[str, float], row: dict[str, str | float], file: _File
) -> Summary:
    def seconds(*titles: str) -> float | None:
        found = [values[title] for title in titles if title in values]
        return found[0] / 1e6 if found else None

    rate = values[RATE] * MEGA if "Msg/sec" in values else None
    definition = "mean over repetitions and ranks, the slowest and fastest rank's mean"
    if "t[usec]" in values:
        definition = "mean over repetitions" + ", one way" * (file.name == "pingpong")
    if OVERLAP[0] in values:
        definition = "mean over repetitions, with the computation that it overlaps"
    return Summary(
        definition=definition,
        mean_s=seconds("t_avg[usec]", "t[usec]", OVERLAP[0]),
        min_s=seconds("t_min[usec]"),
        max_s=seconds("t_max[usec]"),
        byte_per_s=rate,
        repetitions=int(values[COUNT]),
        reported=row,
    )


def _failed(
    text: Text, line: int, found: re.Match[str], file: _File, given: Given
) -> Record:
    if SIZE not in (file.header.words if file.header else ()):
        raise text.error(line, "a size in a table without sizes")
    size = int(found[1])
    file.sizes.append(size)
    rising(text, line, file.sizes)
    status: Status = "timeout" if found[2] == "time-out." else "failed"
    reason = f"{found[2].rstrip('.')}: {found[3].strip()}"
    return _point(text, line, size, file, given, None, None, status, reason)


def _point(
    text: Text, line: int, size: int | None, file: _File, given: Given,
    summary: Summary | None, check: CheckRow | None, status: Status = "ok",
    reason: str = "",
) -> Record:  # fmt: skip
    kernel = file.name
    place = settle_place(text, line, file.ranks, given)
    plain = kernel.removeprefix("non-blocking ")
    said = file.datatypes.get(plain in REDUCTIONS, "")
    message: int | None = None
    if size is not None and plain in (ONE_BUFFER | EACH_RANK):
        message = size * (place.ranks if plain in EACH_RANK else 1)
    return point(
        place,
        kernel=kernel,
        variant=given.variant or "IMB",
        dtype=settle_dtype(text, line, said if said in DTYPES else "", given),
        label=size_label(size) if size is not None else "",
        message_bytes=message,
        summary=summary,
        check=check,
        status=status,
        reason=reason,
        problem={} if size is None else {"size_bytes": size},
        details={"tool": TOOL, "version": file.version},
        started=file.facts.get("Date", ""),
    )
