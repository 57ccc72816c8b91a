"""What measured records advise: winners, crossovers and trade-offs.

Pure functions over records of one run; a record counts by the median of its makespans.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from tenbin import stats
from tenbin.errors import UsageError
from tenbin.kernels.allreduce.names import LIBRARY, parse
from tenbin.kernels.allreduce.rounding import rounding
from tenbin.kernels.allreduce.search import OWN_PAIR
from tenbin.record import Record

NOTICED = 1.05  # a ratio below this is no loss


@dataclass(frozen=True)
class Measured:
    """One algorithm at one place and size; None for what is not known.

    `error` is the relative rounding error (root mean square) of the order of summation,
    `bound_s` the time that the schedule's bytes keep the fullest link busy.
    """

    nodes: int
    message_bytes: int
    variant: str
    time_s: float
    error: float | None
    off_node_bytes: int | None
    bound_s: float | None = None


def measured(records: Iterable[Record]) -> list[Measured]:
    """Return what the valid records say; several launches count by their median."""
    times: dict[tuple[int, int, str], list[Record]] = defaultdict(list)
    for record in records:
        if record.valid and record.samples and record.kernel == "allreduce":
            key = record.nodes, record.message_bytes or 0, record.variant
            times[key].append(record)
    return [
        Measured(
            *key,
            time_s=float(np.median([median_s(record) for record in same])),
            error=_error(same[0]),
            off_node_bytes=same[0].details.get("inter_bytes"),
            bound_s=same[0].details.get("bound_s"),
        )
        for key, same in sorted(times.items())
    ]


def median_s(record: Record) -> float:
    """Return the median makespan of a valid record in seconds."""
    samples = record.samples
    assert samples is not None
    return float(np.median(stats.makespans(samples.entry_ns, samples.exit_ns))) / 1e9


def _error(record: Record) -> float | None:
    place = record.ranks, record.ranks_per_node
    return _rounding_error(record.variant, *place, record.dtype)


@cache
def _rounding_error(
    variant: str, ranks: int, ranks_per_node: int, dtype: str
) -> float | None:
    try:
        schedule = parse(variant).schedule(ranks, ranks_per_node)
        return rounding(schedule, dtype).rms
    except UsageError:  # what the library does inside is not known
        return None


def winners(points: Sequence[Measured]) -> dict[tuple[int, int], Measured]:
    """Return the fastest algorithm of each (nodes, message bytes)."""
    best: dict[tuple[int, int], Measured] = {}
    for point in points:
        key = point.nodes, point.message_bytes
        if key not in best or point.time_s < best[key].time_s:
            best[key] = point
    return best


@dataclass(frozen=True)
class Crossover:
    """From `from_bytes` to `to_bytes` on `nodes` nodes, `variant` is the fastest.

    `over_library` is its largest gain there, the library's time over its own.
    """

    nodes: int
    from_bytes: int
    to_bytes: int
    variant: str
    over_library: float | None


def crossovers(points: Sequence[Measured]) -> list[Crossover]:
    """Return the ranges of sizes with one winner, by nodes and size."""
    library = {
        (p.nodes, p.message_bytes): p.time_s for p in points if p.variant == LIBRARY
    }
    found: list[Crossover] = []
    for (nodes, size), best in sorted(winners(points).items()):
        base = library.get((nodes, size))
        gain = base / best.time_s if base else None
        last = found[-1] if found else None
        if last and (last.nodes, last.variant) == (nodes, best.variant):
            gains = [g for g in (last.over_library, gain) if g is not None]
            found.pop()
            row = (nodes, last.from_bytes, size, best.variant)
            found.append(Crossover(*row, max(gains, default=None)))
        else:
            found.append(Crossover(nodes, size, size, best.variant, gain))
    return found


def pareto(points: Sequence[Measured]) -> list[Measured]:
    """Return the points that no other beats in time, error and off-node bytes at once.

    All at one place and size; what is unknown counts as the worst.
    """
    return [p for p in points if not any(_dominates(q, p) for q in points)]


def fronts(points: Sequence[Measured]) -> set[Measured]:
    """Return the points on the front of their place and size."""
    groups: dict[tuple[int, int], list[Measured]] = {}
    for point in points:
        groups.setdefault((point.nodes, point.message_bytes), []).append(point)
    return {point for group in groups.values() for point in pareto(group)}


def _dominates(one: Measured, other: Measured) -> bool:
    better = [a <= b for a, b in zip(_costs(one), _costs(other), strict=True)]
    return all(better) and _costs(one) != _costs(other)


def _costs(point: Measured) -> tuple[float, float, float]:
    error, off = point.error, point.off_node_bytes
    unknown = float("inf")
    return (
        point.time_s,
        unknown if error is None else error,
        unknown if off is None else off,
    )


@dataclass(frozen=True)
class Loss:
    """A range of sizes where the library's allreduce loses to its own parts."""

    nodes: int
    from_bytes: int
    to_bytes: int
    most: float


def library_losses(points: Sequence[Measured]) -> list[Loss]:
    """Return where MPI_Allreduce is slower than its reduce-scatter and allgather.

    A self-consistent library never is (Hunold and Carpen-Amarie, PGMPI, 2018).
    """
    time = {(p.nodes, p.message_bytes, p.variant): p.time_s for p in points}
    losses: list[Loss] = []
    open_range = False
    for nodes, size in sorted({(p.nodes, p.message_bytes) for p in points}):
        whole = time.get((nodes, size, LIBRARY))
        parts = time.get((nodes, size, OWN_PAIR))
        if whole is None or parts is None or whole < NOTICED * parts:
            open_range = False
            continue
        last = losses.pop() if open_range and losses[-1].nodes == nodes else None
        first = last.from_bytes if last else size
        most = max(whole / parts, last.most if last else 0.0)
        losses.append(Loss(nodes, first, size, most))
        open_range = True
    return losses
