"""A point of another tool as a record: what it said, what the user said, no more."""

from dataclasses import dataclass
from typing import Any

from tenbin.record import IMPORTED, CheckRow, Record, Status, Summary
from tenbin.results.importers.text import Text
from tenbin.units import BINARY

DTYPES = {
    "MPI_BYTE": "uint8",
    "MPI_CHAR": "int8",
    "MPI_INT": "int32",
    "MPI_LONG": "int64",
    "MPI_FLOAT": "float32",
    "MPI_DOUBLE": "float64",
    "half": "float16",
    "float": "float32",
    "double": "float64",
}


@dataclass(frozen=True)
class Given:
    """What the user states about an output that does not say it, by option.

    `mapping` and `units` are those of a CSV: column to field, field to unit.
    """

    kernel: str = ""
    variant: str = ""
    dtype: str = ""
    ranks: int | None = None
    ranks_per_node: int | None = None
    mapping: tuple[tuple[str, str], ...] = ()
    units: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Output:
    """What one file of a tool holds; records lack run, launch, and key of their case.

    `machine` is what it says of the machine, `name` or `hostname` among it.
    """

    tool: str
    version: str
    records: list[Record]
    machine: dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Ranks and where they were; 0 where nobody says."""

    ranks: int
    ranks_per_node: int = 0
    nodes: int = 0
    hosts: tuple[str, ...] = ()


def settle_place(text: Text, line: int, said: int | None, given: Given) -> Place:
    """Return the ranks that the output or the user states.

    Raises UnreadableError where neither does, or they differ.
    """
    if said is not None and given.ranks not in (None, said):
        raise text.error(line, f"{said} ranks, but --ranks is {given.ranks}")
    ranks = said if said is not None else given.ranks
    if not ranks:
        raise text.error(line, "it does not say how many ranks took part: give --ranks")
    per_node = given.ranks_per_node or 0
    if per_node and ranks % per_node:
        raise text.error(line, f"{ranks} ranks are not {per_node} on each node")
    return Place(ranks, per_node, ranks // per_node if per_node else 0)


def settle_dtype(text: Text, line: int, said: str, given: Given) -> str:
    """Return the dtype that the output or the user states, or an empty text.

    Raises UnreadableError where they differ.
    """
    dtype = DTYPES.get(said, said)
    if dtype and given.dtype not in ("", dtype):
        raise text.error(line, f"dtype {dtype}, but --dtype is {given.dtype}")
    return dtype or given.dtype


def size_label(size: int) -> str:
    """Return a message size as the allreduce names it: in the largest exact unit.

    >>> size_label(65536), size_label(65540), size_label(0)
    ('64KiB', '65540B', '0B')
    """
    fits = [unit for unit, scale in BINARY.items() if size and size % scale == 0]
    unit = fits[-1] if fits else "B"
    return f"{size // BINARY[unit]}{unit}"


def point(
    place: Place,
    *,
    kernel: str,
    variant: str,
    dtype: str,
    label: str,
    summary: Summary | None,
    details: dict[str, Any],
    message_bytes: int | None = None,
    check: CheckRow | None = None,
    status: Status = "ok",
    reason: str = "",
    problem: dict[str, Any] | None = None,
    started: str = "",
) -> Record:
    """Return the record of one point; a check that failed makes it wrong."""
    if check is not None and not check.ok and status == "ok":
        status, reason = "wrong", reason or f"{check.method} says so"
    return Record(
        run_id="",
        case="",
        launch=0,
        status=status,
        reason=reason,
        kernel=kernel,
        variant=variant,
        dtype=dtype,
        scaling="fixed",
        label=label,
        problem=problem or {},
        ranks=place.ranks,
        ranks_per_node=place.ranks_per_node,
        nodes=place.nodes,
        hosts=list(place.hosts),
        message_bytes=message_bytes,
        summary=summary,
        check=check,
        flags=[IMPORTED],
        details=details,
        started=started,
    )
