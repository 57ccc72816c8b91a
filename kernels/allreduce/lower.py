"""Lowering: from the table to the messages that one rank sends and receives.

Chunk i of n elements begins at element `n i // chunks`, so any count can be cut: some
chunks are then one element longer than others, or empty, and empty messages are left
out. Rows of a round that move neighbouring chunks between the same two ranks become
one message; rounds in which a rank has nothing to do are left out.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from tenbin.kernels.allreduce.schedule import Schedule

Row = tuple[int, int, int, int, int, bool]
Run = tuple[int, int, bool]  # first chunk, end, whether to add


@dataclass(frozen=True)
class Message:
    """Elements `first .. last` to or from `peer`, to be added or copied there.

    `tag` numbers the messages of one round between the same two ranks.
    """

    peer: int
    first: int
    last: int
    tag: int
    reduce: bool

    def overlaps(self, other: "Message") -> bool:
        """Return whether both touch a common element."""
        return self.first < other.last and other.first < self.last


@dataclass(frozen=True)
class Step:
    """What one rank does in one round: all sends read the state before it."""

    round: int
    sends: tuple[Message, ...]
    receives: tuple[Message, ...]


def lower(schedule: Schedule, rank: int, count: int) -> tuple[Step, ...]:
    """Return the steps of `rank` for a buffer of `count` elements."""
    rows = schedule.rows
    mine = rows[(rows["src"] == rank) | (rows["dst"] == rank)].tolist()
    steps = (
        _step(number, group, rank, lambda chunk: count * chunk // schedule.chunks)
        for number, group in groupby(mine, key=itemgetter(0))
    )
    return tuple(step for step in steps if step.sends or step.receives)


def _step(
    number: int, rows: Iterable[Row], rank: int, cut: Callable[[int], int]
) -> Step:
    sends: list[Message] = []
    receives: list[Message] = []
    for (src, dst), runs in _runs(rows).items():
        peer, messages = (dst, sends) if src == rank else (src, receives)
        for tag, (chunk, end, reduce) in enumerate(runs):
            first, last = cut(chunk), cut(end)
            if first < last:
                messages.append(Message(peer, first, last, tag, reduce))
    return Step(number, tuple(sends), tuple(receives))


def _runs(rows: Iterable[Row]) -> dict[tuple[int, int], list[Run]]:
    """Merge neighbouring chunks, for each pair of ranks in one round."""
    pairs: dict[tuple[int, int], list[Run]] = {}
    for _, src, dst, chunk, count, reduce in rows:
        runs = pairs.setdefault((src, dst), [])
        if runs and runs[-1][1:] == (chunk, reduce):
            runs[-1] = (runs[-1][0], chunk + count, reduce)
        else:
            runs.append((chunk, chunk + count, reduce))
    return pairs
