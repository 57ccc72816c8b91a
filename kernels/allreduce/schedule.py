"""Schedule: an allreduce algorithm as one table, and the ways to build and read it.

    round  src  dst  chunk  count  reduce

over `ranks` ranks, each with a buffer of `chunks` equal chunks. The meaning, complete:
in a round all reads see the state before it; a row adds (`reduce`) or copies chunks
`chunk .. chunk + count` of `src` into the same chunks of `dst`.

Two rows of a round may add to one place, in any order; a place that is copied into has
no other writer in that round. Nothing is said about buffers, threads or networks: that
is the business of whoever reads the table (`fold`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

ROW = np.dtype(
    [
        ("round", np.int32),
        ("src", np.int32),
        ("dst", np.int32),
        ("chunk", np.int32),
        ("count", np.int32),
        ("reduce", np.bool_),
    ],
    align=True,
)

Rows = NDArray[np.void]
Ranks = NDArray[np.int_]
State = TypeVar("State")


@dataclass(frozen=True, eq=False)
class Schedule:
    """The rows of an algorithm, in the order of their rounds."""

    name: str
    ranks: int
    chunks: int
    rows: Rows

    def __post_init__(self) -> None:
        if np.any(np.diff(self.rows["round"]) < 0):
            order = np.argsort(self.rows["round"], kind="stable")
            object.__setattr__(self, "rows", self.rows[order])

    @cached_property
    def starts(self) -> Ranks:
        """Return the first row of each round, and the number of rows."""
        if not len(self.rows):
            return np.zeros(1, dtype=np.int_)
        changes = np.flatnonzero(np.diff(self.rows["round"])) + 1
        return np.concatenate(([0], changes, [len(self.rows)]))

    @property
    def rounds(self) -> int:
        """Return the number of rounds."""
        return len(self.starts) - 1

    def __iter__(self) -> Iterator[Rows]:
        for first, last in zip(self.starts[:-1], self.starts[1:], strict=True):
            yield self.rows[first:last]


class Algebra(Protocol[State]):
    """What a schedule is taken to mean: a first state, and what a round makes of it."""

    def start(self, schedule: Schedule) -> State:
        """Return the state before the first round."""
        ...

    def step(self, state: State, rows: Rows) -> State:
        """Return the state after a round; it may be the same object."""
        ...


def fold(schedule: Schedule, algebra: Algebra[State]) -> State:
    """Walk the rounds; return the last state."""
    state = algebra.start(schedule)
    for rows in schedule:
        state = algebra.step(state, rows)
    return state


def table(**columns: Any) -> Rows:
    """Return rows from columns; they are broadcast against each other."""
    arrays = dict(zip(columns, np.broadcast_arrays(*columns.values()), strict=True))
    rows = np.empty(np.size(arrays["src"]), dtype=ROW)
    for name in ROW.names or ():
        rows[name] = arrays[name].ravel()
    return rows


def then(*schedules: Schedule, name: str = "") -> Schedule:
    """Run schedules over the same ranks and chunks one after the other."""
    if len({(part.ranks, part.chunks) for part in schedules}) != 1:
        raise ValueError("the parts of a schedule have the same ranks and chunks")
    rows = np.concatenate([part.rows for part in schedules])
    lengths = [part.rounds for part in schedules]
    offsets = np.cumsum([0, *lengths[:-1]])
    within = [_numbered(part) for part in schedules]
    rows["round"] = np.concatenate(
        [first + rounds for first, rounds in zip(offsets, within, strict=True)]
    )
    return replace(schedules[0], name=name or schedules[0].name, rows=rows)


def _numbered(schedule: Schedule) -> Ranks:
    return np.repeat(np.arange(schedule.rounds), np.diff(schedule.starts))


def reverse(schedule: Schedule) -> Schedule:
    """Return the dual: the rounds backwards, every sum sent back as a copy.

    The dual of a reduce-scatter is the allgather of its result.
    """
    rows = schedule.rows[::-1].copy()
    rows["round"] = schedule.rounds - 1 - _numbered(schedule)[::-1]
    rows["src"], rows["dst"] = schedule.rows["dst"][::-1], schedule.rows["src"][::-1]
    rows["reduce"] = False
    return replace(schedule, rows=rows)


def embed(
    schedule: Schedule, groups: Ranks, first: Ranks, width: int, ranks: int, chunks: int
) -> Schedule:
    """Run a small schedule in many groups of ranks at once.

    `groups` (g, schedule.ranks) are the ranks of each group in the order of their
    parts; group i works on the window that begins at chunk `first[i]` (g,), each chunk
    of the small schedule being `width` chunks of the large one.
    """
    rows = schedule.rows[:, None]
    merged = table(
        round=rows["round"],
        src=groups.T[schedule.rows["src"]],
        dst=groups.T[schedule.rows["dst"]],
        chunk=first + width * rows["chunk"],
        count=width * rows["count"],
        reduce=rows["reduce"],
    )
    return Schedule(schedule.name, ranks, chunks, merged)


def relabel(schedule: Schedule, places: Ranks) -> Schedule:
    """Give the part of rank i to rank `places[i]`."""
    rows = schedule.rows.copy()
    rows["src"], rows["dst"] = places[rows["src"]], places[rows["dst"]]
    return replace(schedule, rows=rows)
