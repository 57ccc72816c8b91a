"""Who holds the others up: a rank that is last too often for chance, and by too much.

    rank 0   [ ------ ]
    rank 1   [ ------ ]
    rank 2   [ ---------- ]     leaves last, in most repetitions, 4 us behind the others

A barrier lets go of its ranks in an order of its own: where it started them nobody
enters last, and who leaves last is late by what goes beyond his late start.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tenbin import stats
from tenbin.record import Record, SampleRow
from tenbin.units import format_time

SURE = 1e-3  # p-value of a straggler
OFTEN = 1.5  # times the share that a rank has by chance
LATE = 0.05  # of the makespan, behind the others; less holds nobody up
# where clocks disagree nobody knows who is last; where ranks take turns on a processor,
# one of them always is
UNKNOWN = {"unsynchronised", "oversubscribed"}

Stamps = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Straggler:
    """A rank that `verb` ("enters", "leaves") last, usually `late_s` behind others."""

    case: str
    rank: int
    host: str
    verb: str
    share: float
    repetitions: int
    late_s: float

    def __str__(self) -> str:
        """Return it as a line."""
        return (
            f"{self.case}: rank {self.rank} on {self.host} {self.verb} last in "
            f"{self.share:.0%} of {self.repetitions} repetitions, "
            f"{format_time(self.late_s)} behind the others"
        )


def stragglers(records: Iterable[Record]) -> list[Straggler]:
    """Return the stragglers of allreduces, record by record."""
    return [
        found
        for record in records
        if record.kernel == "allreduce"
        and record.samples is not None
        and not record.samples.condensed
        and record.ranks > 1
        and not UNKNOWN & set(record.flags)
        for found in _of(record, record.samples)
    ]


def _of(record: Record, samples: SampleRow) -> Iterator[Straggler]:
    by_window = samples.start == "window"
    stamped = {"leaves": samples.exit_ns}
    if by_window:
        stamped["enters"] = samples.entry_ns
    for verb, stamps in stamped.items():
        if not _often(stamps, record.ranks):
            continue
        found = stats.straggler(stamps)
        if found.p_value >= SURE:
            continue
        late_s = _late_s(stamps, found.rank)
        if not by_window:
            late_s -= max(0.0, _late_s(samples.entry_ns, found.rank))
        spans = stats.makespans(samples.entry_ns, samples.exit_ns)
        if late_s < LATE * float(np.median(spans)) / 1e9:
            continue
        host = record.hosts[found.rank] if record.hosts else "?"
        who = record.case, found.rank, host, verb
        yield Straggler(*who, found.share, len(stamps), late_s)


def _often(stamps: Stamps, ranks: int) -> bool:
    """Return whether a rank is last often enough to count, without much work."""
    last = Counter(row.index(max(row)) for row in stamps)
    return max(last.values(), default=0) * ranks > OFTEN * len(stamps)


def _late_s(stamps: Stamps, rank: int) -> float:
    """Return by how much a rank is behind the median of the others, usually."""
    times = np.array(stamps, dtype=np.int64)
    others = np.median(np.delete(times, rank, axis=1), axis=1)
    return float(np.median(times[:, rank] - others)) / 1e9


def sentences(found: Iterable[Straggler], most: int = 3) -> list[str]:
    """Return a sentence for each rank that is late, those of most cases first."""
    ranks: dict[tuple[int, str, str], list[Straggler]] = {}
    for one in found:
        ranks.setdefault((one.rank, one.host, one.verb), []).append(one)
    told = []
    for (rank, host, verb), cases in sorted(ranks.items(), key=lambda i: -len(i[1])):
        worst = max(cases, key=lambda one: one.late_s)
        told.append(
            f"Rank {rank} on {host:.40} {verb} last in {len(cases)} "
            f"record{'s' * (len(cases) != 1)} of AllReduce, up to "
            f"{format_time(worst.late_s)} behind the others ({worst.case:.60})."
        )
    rest = len(told) - most
    return told[:most] + ([f"More ranks are last too often: {rest}."] * (rest > 0))
