"""Proof that a schedule is an allreduce: every rank ends with every rank's part, once.

Each place (rank, chunk) carries a few words instead of data, and a fold adds them as
the schedule adds data:

    counts   how often each rank's contribution is in it, 0, 1 or "more" (exact);
             words and time grow with p^2 per chunk: up to `EXACT_RANKS` ranks and
             `MOST_COUNTS` bytes
    hash     two random words, each modulo a prime of its own; right when both are
             the sum over the ranks. A wrong schedule passes with probability below
             2^-123, unless every excess is a multiple of both primes

Words modulo 2^64 would not do: a chunk doubled 64 times is zero there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.allreduce.schedule import Rows, Schedule, fold

EXACT_RANKS = 64
MOST_COUNTS = 2**26  # bytes of memory; 16384 chunks on 64 ranks
PRIMES = np.array([2**61 - 1, 2**63 - 25], dtype=np.uint64)  # sums stay below 2^64
MORE = 2  # counts stop here: twice is as wrong as ever more

Words = NDArray[Any]


@dataclass(frozen=True)
class Proof:
    """Whether a schedule is an allreduce; where not, the first reason."""

    ok: bool
    reason: str = ""


class Hazard(Exception):
    """Two rows of a round write to one place, and one of them copies."""


def prove(schedule: Schedule) -> Proof:
    """Prove or refute a schedule, exactly where it is small enough."""
    return (prove_exactly if countable(schedule) else prove_by_hash)(schedule)


def countable(schedule: Schedule) -> bool:
    """Return whether a schedule is small enough to count every contribution."""
    counts = schedule.ranks**2 * schedule.chunks
    return schedule.ranks <= EXACT_RANKS and counts <= MOST_COUNTS


def prove_exactly(schedule: Schedule) -> Proof:
    """Prove or refute a schedule by contribution counts."""
    ranks, chunks = schedule.ranks, schedule.chunks
    first = np.broadcast_to(
        np.eye(ranks, dtype=np.uint8)[:, None], (ranks, chunks, ranks)
    )
    wanted = np.ones((chunks, ranks), dtype=np.uint8)
    return _judge(schedule, Contributions(first, _add_counts), wanted)


def prove_by_hash(schedule: Schedule, seed: int = 1) -> Proof:
    """Prove or refute a schedule by a random word per place and prime."""
    shape = (schedule.ranks, schedule.chunks, len(PRIMES))
    first = np.random.default_rng(seed).integers(PRIMES, size=shape, dtype=np.uint64)
    wanted = np.zeros(shape[1:], dtype=np.uint64)
    for words in first:
        wanted = _add_words(wanted, words)
    return _judge(schedule, Contributions(first, _add_words), wanted)


def _add_counts(one: Words, other: Words) -> Words:
    return np.asarray(np.minimum(one + other, MORE))


def _add_words(one: Words, other: Words) -> Words:
    total = one + other
    return np.where(total < PRIMES, total, total - PRIMES)


@dataclass(frozen=True, eq=False)
class Contributions:
    """The algebra of words (ranks, chunks, w) and an addition; raises Hazard."""

    first: Words
    add: Callable[[Words, Words], Words]

    def start(self, schedule: Schedule) -> Words:
        """Return the words before the first round, as a copy."""
        return self.first.reshape(-1, self.first.shape[-1]).copy()

    def step(self, state: Words, rows: Rows) -> Words:
        """Add and copy the words of a round in place."""
        chunks = np.int64(self.first.shape[1])
        source, target, reduce = _places(rows, chunks)
        words = state[source]  # all reads before any write
        for layer in _layers(target, reduce, chunks, int(rows["round"][0])):
            adds, copies = layer[reduce[layer]], layer[~reduce[layer]]
            state[target[copies]] = words[copies]
            state[target[adds]] = self.add(state[target[adds]], words[adds])
        return state


def _places(rows: Rows, chunks: np.int64) -> tuple[Words, Words, Words]:
    """Return the place read, the place written, and whether to add, of each chunk."""
    count = rows["count"]
    chunk = rows["chunk"].astype(np.int64)
    if np.any(count != 1):
        row = np.repeat(np.arange(len(rows)), count)
        offset = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        rows, chunk = rows[row], chunk[row] + offset
    return rows["src"] * chunks + chunk, rows["dst"] * chunks + chunk, rows["reduce"]


def _layers(
    target: Words, reduce: Words, chunks: np.int64, number: int
) -> Iterator[Words]:
    """Split the moves so that within each layer every place is written once."""
    order = np.argsort(target, kind="stable")
    places = target[order]
    fresh = np.concatenate(([True], places[1:] != places[:-1]))
    if fresh.all():
        yield order
        return
    starts = np.flatnonzero(fresh)
    lengths = np.diff(np.append(starts, len(places)))
    shared = np.repeat(lengths > 1, lengths) & ~reduce[order]
    if shared.any():
        rank, chunk = divmod(int(places[shared.argmax()]), int(chunks))
        raise Hazard(
            f"round {number}: chunk {chunk} of rank {rank} has another writer "
            "beside a copy"
        )
    depth = np.arange(len(places)) - np.repeat(starts, lengths)
    for layer in range(int(lengths.max())):
        yield order[depth == layer]


def _judge(schedule: Schedule, algebra: Contributions, wanted: Words) -> Proof:
    reason = malformed(schedule)
    if reason:
        return Proof(ok=False, reason=reason)
    try:
        words = fold(schedule, algebra)
    except Hazard as hazard:
        return Proof(ok=False, reason=str(hazard))
    wrong = words.reshape(algebra.first.shape) != wanted
    if not wrong.any():
        return Proof(ok=True)
    rank, chunk, word = np.unravel_index(int(wrong.argmax()), wrong.shape)
    place = f"chunk {chunk} of rank {rank}"
    if algebra.add is not _add_counts:
        return Proof(ok=False, reason=f"{place} is not the sum over the ranks")
    found = words.reshape(algebra.first.shape)[rank, chunk, word]
    fault = "more than once" if found else "not"
    return Proof(ok=False, reason=f"{place} holds the part of rank {word} {fault}")


def malformed(schedule: Schedule) -> str:
    """Return why a row makes no sense, or an empty string."""
    rows = schedule.rows
    faults = {
        "names a rank that is not there": (rows["src"] < 0)
        | (rows["src"] >= schedule.ranks)
        | (rows["dst"] < 0)
        | (rows["dst"] >= schedule.ranks),
        "sends to itself": rows["src"] == rows["dst"],
        "moves chunks that are not there": (rows["chunk"] < 0)
        | (rows["count"] < 1)
        | (rows["chunk"].astype(np.int64) + rows["count"] > schedule.chunks),
    }
    for fault, where in faults.items():
        if where.any():
            return f"row {int(where.argmax())} {fault}"
    return ""
