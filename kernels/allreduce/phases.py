"""Phases: neighbouring rounds of a schedule that do the same, for people to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.allreduce.schedule import Rows, Schedule


@dataclass(frozen=True)
class Phase:
    """Rounds `first .. last`, each of `messages` messages of the same kinds.

    `least` and `most` are shares of the buffer that one message carries.
    """

    first: int
    last: int
    messages: int
    least: Fraction
    most: Fraction
    links: tuple[str, ...]  # of "inside", "between"
    does: tuple[str, ...]  # of "add", "copy"


def phases(
    schedule: Schedule, nodes: Sequence[int] | NDArray[np.int_]
) -> tuple[Phase, ...]:
    """Return the phases of a schedule, rank r being on node `nodes[r]`."""
    place = np.asarray(nodes)
    kinds = [_kind(rows, place, schedule.chunks) for rows in schedule]
    found = []
    for kind, group in groupby(range(len(kinds)), key=lambda number: kinds[number]):
        numbers = list(group)
        found.append(Phase(numbers[0], numbers[-1], *kind))
    return tuple(found)


def _kind(
    rows: Rows, place: NDArray[np.int_], chunks: int
) -> tuple[int, Fraction, Fraction, tuple[str, ...], tuple[str, ...]]:
    off = place[rows["src"]] != place[rows["dst"]]
    adds = rows["reduce"]
    links = [name for name, here in (("inside", ~off), ("between", off)) if here.any()]
    does = [name for name, here in (("add", adds), ("copy", ~adds)) if here.any()]
    count = rows["count"]
    least, most = Fraction(int(count.min()), chunks), Fraction(int(count.max()), chunks)
    return len(rows), least, most, tuple(links), tuple(does)
