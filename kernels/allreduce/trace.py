"""A timeline of one allreduce: when each rank entered and left each step.

    rank 0   | round 0 | round 1  | round 2 |
    rank 1   | round 0   | round 1 | round 2 |        -> Chrome trace, chrome://tracing

The plan that is measured, part by part, with a stamp before the first, between two and
after the last: what a part has left, the next one has entered. In shared memory parts
are sums and barriers, with messages they are rounds: start, wait, add. Rounds in which
a rank has nothing to do are none of its parts.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from tenbin.case import Case
from tenbin.clock import Clock
from tenbin.errors import CaseFailed
from tenbin.kernel import Options
from tenbin.kernels.allreduce.executors import compile_plans
from tenbin.kernels.allreduce.plan import Part
from tenbin.kernels.allreduce.task import make_job
from tenbin.topology import LEADER, Topology

LONGEST = 8  # steps to tell of

Stamps = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Track:
    """The parts of one rank, and `stamps` (repetitions, parts + 1) between them.

    In ns on the common clock; part i is from stamp i to stamp i + 1.
    """

    names: tuple[str, ...]
    facts: tuple[Mapping[str, Any], ...]
    stamps: Stamps


def trace(
    case: Case, topology: Topology, clock: Clock, repetitions: int
) -> list[Track] | None:
    """Replay the plan of a case with stamps; collective; the tracks are rank 0's.

    Raises CaseFailed where the sum is wrong.
    """
    comm, job = topology.world, make_job(case, topology, Options(hot=True))
    (plan,) = compile_plans(job)
    rows = []
    for repetition in range(-1, repetitions):  # the first one warms up
        job.pool.rotate(repetition + 1)
        comm.Barrier()
        rows.append(_stamped(plan.parts))
    ok = comm.allreduce(job.pool.check().ok, op=MPI.LAND)
    job.held.close()
    if not ok:
        raise CaseFailed(f"{case.variant}: wrong sum")
    names = tuple(part.name for part in plan.parts)
    facts = tuple(part.facts for part in plan.parts)
    stamps = clock.stamps(np.array(rows[1:], dtype=np.int64))
    return comm.gather(Track(names, facts, stamps), LEADER)


def _stamped(parts: Sequence[Part]) -> list[int]:
    stamps = [time.perf_counter_ns()]
    for part in parts:
        part.run()
        stamps.append(time.perf_counter_ns())
    return stamps


def chrome(tracks: Sequence[Track], nodes: Sequence[int]) -> dict[str, Any]:
    """Return the trace in Chrome's format: a process per node, a thread per rank.

    Its other data are the longest steps, in words.
    """
    origin = min(int(track.stamps.min()) for track in tracks)
    events = [
        {"pid": nodes[rank], "tid": rank, **event}
        for rank, track in enumerate(tracks)
        for event in _events(track, origin)
    ]
    return {
        "traceEvents": [*_places(nodes), *events],
        "displayTimeUnit": "ns",
        "otherData": {"longest": [str(span) for span in longest(spans(tracks))]},
    }


def _events(track: Track, origin_ns: int) -> Iterator[dict[str, Any]]:
    for repetition, row in enumerate(track.stamps):
        starts_us, spent_us = (row[:-1] - origin_ns) / 1e3, np.diff(row) / 1e3
        parts = zip(track.names, track.facts, starts_us, spent_us, strict=True)
        for name, facts, start_us, time_us in parts:
            yield {
                "name": name,
                "ph": "X",
                "ts": float(start_us),
                "dur": float(time_us),
                "args": {**facts, "repetition": repetition},
            }


def _places(nodes: Sequence[int]) -> list[dict[str, Any]]:
    places = [(rank, "thread_name", f"rank {rank}") for rank in range(len(nodes))]
    places += [
        (rank, "process_name", f"node {node}") for rank, node in enumerate(nodes)
    ]
    return [
        {
            "name": kind,
            "ph": "M",
            "pid": nodes[rank],
            "tid": rank,
            "args": {"name": name},
        }
        for rank, kind, name in places
    ]


@dataclass(frozen=True)
class Span:
    """A step over all ranks that have it: its time, and who came and went last.

    `entered` and `left` are pairs of a rank and the number of repetitions in which it
    was the last; nobody entered last where a barrier let all go.
    """

    name: str
    time_s: float
    entered: tuple[int, int] | None
    left: tuple[int, int]
    repetitions: int

    def __str__(self) -> str:
        """Return the span as a line."""
        said = []
        for verb, last in (("entered", self.entered), ("left", self.left)):
            if last:
                rank, count = last
                said.append(f"rank {rank} {verb} last in {count}")
        who = ", ".join(said)
        return f"{self.name}: {self.time_s * 1e6:.1f} us, {who} of {self.repetitions}"


def spans(tracks: Sequence[Track]) -> list[Span]:
    """Return every step of the ranks together, in the order of their first rank."""
    names = dict.fromkeys(name for track in tracks for name in track.names)
    return [_span(name, tracks) for name in names]


def _span(name: str, tracks: Sequence[Track]) -> Span:
    places = {
        rank: track.names.index(name)
        for rank, track in enumerate(tracks)
        if name in track.names
    }
    enter = np.stack([tracks[rank].stamps[:, i] for rank, i in places.items()], axis=1)
    leave = np.stack(
        [tracks[rank].stamps[:, i + 1] for rank, i in places.items()], axis=1
    )
    ranks = list(places)
    return Span(
        name,
        float(np.median(leave.max(axis=1) - enter.min(axis=1))) / 1e9,
        _last(ranks, enter) if any(places.values()) else None,
        _last(ranks, leave),
        len(enter),
    )


def _last(ranks: Sequence[int], stamps: Stamps) -> tuple[int, int]:
    rank, count = Counter(stamps.argmax(axis=1).tolist()).most_common(1)[0]
    return ranks[rank], count


def longest(found: Iterable[Span]) -> list[Span]:
    """Return the spans that take the longest."""
    return sorted(found, key=lambda span: span.time_s, reverse=True)[:LONGEST]
