"""What the text and the JSON of nccl-tests share: operations, rates, the two points.

A row has the same operation out of place and in place, each with its time, so each row
is two records. The rates are computed by the tool from time, size and ranks; checking
them against each other finds columns that moved and rank counts that are not true.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tenbin.record import CheckRow, Record, Summary
from tenbin.results.importers.point import (
    Given,
    Place,
    point,
    settle_dtype,
    settle_place,
    size_label,
)
from tenbin.results.importers.text import Text

TOOL = "nccl-tests"
KERNELS = {
    "all_reduce": "allreduce",
    "all_gather": "allgather",
    "reduce_scatter": "reduce_scatter",
    "broadcast": "broadcast",
    "reduce": "reduce",
    "alltoall": "alltoall",
    "gather": "gather",
    "scatter": "scatter",
    "sendrecv": "sendrecv",
}
WIDTHS = {
    **dict.fromkeys(("int8", "uint8", "f8e4m3", "f8e5m2", "fp8_e4m3", "fp8_e5m2"), 1),
    **dict.fromkeys(("half", "bfloat16"), 2),
    **dict.fromkeys(("int32", "uint32", "float"), 4),
    **dict.fromkeys(("int64", "uint64", "double"), 8),
}
SHARED = {"allgather", "reduce_scatter", "alltoall", "gather", "scatter"}
PLACES = {"out_of_place": "NCCL", "in_place": "NCCL in place"}


@dataclass(frozen=True)
class Side:
    """One half of a row; rates in GB/s; `wrong` None where it was not checked."""

    time_us: float
    algbw: float
    busbw: float
    wrong: bool | None
    reported: dict[str, str | float]
    half_us: float  # of a unit of the last digit of the time
    times_us: tuple[float, ...] = ()
    min_us: float | None = None
    max_us: float | None = None
    median_us: float | None = None


@dataclass(frozen=True)
class Op:
    """What all records of a file share."""

    kernel: str
    place: Place
    version: str
    started: str = ""
    repetitions: int | None = None


def busbw_factor(kernel: str, ranks: int) -> float:
    """Return bus bandwidth over algorithm bandwidth (nccl-tests, PERFORMANCE.md)."""
    if kernel == "allreduce":
        return 2.0 * (ranks - 1) / ranks
    return (ranks - 1) / ranks if kernel in SHARED else 1.0


def check_side(
    text: Text, line: int, size: int, side: Side, op: Op, digits: float
) -> None:
    """Raise UnreadableError unless time, size and rates of a side agree.

    `digits` is half a unit of the last digit that is printed of a rate.
    """
    algbw = size / side.time_us / 1e3 if side.time_us else 0.0
    slack = 1.02 * algbw * side.half_us / side.time_us + digits if algbw else digits
    if side.time_us and abs(side.algbw - algbw) > slack:
        what = f"algbw {side.algbw} is not {size} B in {side.time_us} us"
        raise text.error(line, what)
    factor = busbw_factor(op.kernel, op.place.ranks)
    bus = side.algbw * factor
    if abs(side.busbw - bus) > digits * (1 + factor) + 1e-3 * bus:
        raise text.error(
            line,
            f"busbw {side.busbw} is not algbw times {factor:.3g}, as for {op.kernel} "
            f"on {op.place.ranks} ranks",
        )


def check_count(
    text: Text, line: int, size: int, count: int, dtype: str, op: Op
) -> None:
    """Raise UnreadableError unless that many elements of the type have the size."""
    width = WIDTHS.get(dtype)
    if width is None:
        raise text.error(line, f"type: {dtype!r:.40}; choose from {', '.join(WIDTHS)}")
    share = op.place.ranks if op.kernel in SHARED else 1
    if size != count * width * share and not (op.kernel == "alltoall" and not size):
        raise text.error(line, f"{size} B are not {count} elements of {dtype}")


def settle_kernel(text: Text, line: int, program: str, given: Given) -> str:
    """Return the operation that the output or the user states.

    Raises UnreadableError where neither does, or they differ.
    """
    said = program.rpartition("/")[2].removesuffix("_perf")
    kernel = KERNELS.get(said or given.kernel, "")
    if not said and given.kernel in KERNELS.values():
        kernel = given.kernel
    if not kernel:
        known = ", ".join(KERNELS)
        what = f"not an operation that can be read: {said}"
        if not said:
            what = "it does not say which operation: give --kernel"
        raise text.error(line, f"{what}; choose from {known}")
    if said and given.kernel not in ("", said, kernel):
        raise text.error(line, f"it is {said}, but --kernel is {given.kernel}")
    return kernel


def placed(text: Text, line: int, hosts: Sequence[str], given: Given) -> Place:
    """Return where the ranks were: from the hosts of all, or as the user states."""
    place = settle_place(text, line, len(hosts) or None, given)
    if not hosts:
        return place
    nodes = len(set(hosts))
    even = {hosts.count(host) for host in hosts} == {len(hosts) // nodes}
    per_node = len(hosts) // nodes if even else 0
    if place.ranks_per_node not in (0, per_node):
        raise text.error(line, f"{per_node} ranks per node, not {place.ranks_per_node}")
    return Place(place.ranks, per_node, nodes, tuple(hosts))


def side_record(
    text: Text, line: int, size: int, name: str, side: Side, op: Op, given: Given,
    problem: dict[str, str | int], again: int = 0,
) -> Record:  # fmt: skip
    """Return the record of one half of a row; `again` tells equal sizes apart."""

    def seconds(microseconds: float | None) -> float | None:
        return None if microseconds is None else microseconds / 1e6

    check = None
    if side.wrong is not None:
        check = CheckRow(
            ok=not side.wrong, error=None, method="nccl-tests", repetitions=0
        )
    variant = PLACES[name]
    return point(
        op.place,
        kernel=op.kernel,
        variant=variant.replace("NCCL", given.variant or "NCCL"),
        dtype=settle_dtype(text, line, str(problem["type"]), given),
        label=size_label(size) + (f" ({again})" if again else ""),
        message_bytes=size,
        summary=Summary(
            definition="mean over iterations; over ranks as -a says",
            mean_s=seconds(side.time_us),
            median_s=seconds(side.median_us),
            min_s=seconds(side.min_us),
            max_s=seconds(side.max_us),
            times_s=[time / 1e6 for time in side.times_us],
            repetitions=op.repetitions,
            reported=side.reported,
        ),
        check=check,
        problem={**problem, "size": size},
        details={"tool": TOOL, "version": op.version},
        started=op.started,
    )
