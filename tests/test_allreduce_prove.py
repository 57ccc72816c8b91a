"""The proof against a slow, obvious interpreter, over corrupted schedules."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from math import prod

import numpy as np
import pytest

from tenbin.kernels.allreduce.hierarchical import hierarchical
from tenbin.kernels.allreduce.names import parse
from tenbin.kernels.allreduce.prove import (
    PRIMES,
    Proof,
    prove,
    prove_by_hash,
    prove_exactly,
)
from tenbin.kernels.allreduce.schedule import ROW, Rows, Schedule, table

Row = tuple[int, int, int, int, int, bool]
HIERARCHIES = ["2", "3", "2x2", "4", "3x2", "2x3", "5", "2x2x2"]
FORMS = ["4d", "3h", "5h", "2dx2h", "leader:3x2", "leader:2dx2", "full:2x2", "2x2@1"]
FORMS += ["2/2", "leader:2x2/2"]
WHOLE = [("tree", 4), ("tree/2", 3), ("doubling", 4), ("doubling", 3), ("swing", 4)]
WHOLE += [("swing", 5), ("tree", 5)]
SCHEDULES = [(text, 0) for text in (*HIERARCHIES, *FORMS)] + WHOLE


def is_allreduce(ranks: int, chunks: int, rows: list[Row]) -> bool:
    """Interpret the table chunk by chunk, with a multiset of contributions each."""
    state = {(r, c): Counter({r: 1}) for r in range(ranks) for c in range(chunks)}
    for number in sorted({row[0] for row in rows}):
        before = {place: Counter(held) for place, held in state.items()}
        writers: dict[tuple[int, int], list[bool]] = {}
        for round_, src, dst, chunk, count, reduce in rows:
            if round_ != number:
                continue
            if src == dst or count < 1:
                return False
            for c in range(chunk, chunk + count):
                if (src, c) not in before or (dst, c) not in before:
                    return False
                writers.setdefault((dst, c), []).append(reduce)
                held = state[dst, c] if reduce else Counter()
                state[dst, c] = held + before[src, c]
        if any(len(kinds) > 1 and not all(kinds) for kinds in writers.values()):
            return False
    everyone = Counter(range(ranks))
    return all(held == everyone for held in state.values())


def mutants(schedule: Schedule) -> Iterator[list[Row]]:
    """Yield the schedule with one row corrupted, in every way that is close to it."""
    rows: list[Row] = schedule.rows.tolist()
    for i, row in enumerate(rows):
        yield from (
            [*rows[:i], other, *rows[i + 1 :]] for other in corrupt(row, schedule)
        )
        yield [*rows[:i], *rows[i + 1 :]]
        yield [*rows, row]


def corrupt(row: Row, schedule: Schedule) -> Iterator[Row]:
    round_, src, dst, chunk, count, reduce = row
    for rank in range(schedule.ranks + 1):
        yield (round_, rank, dst, chunk, count, reduce)
        yield (round_, src, rank, chunk, count, reduce)
    for other in range(schedule.chunks + 1):
        yield (round_, src, dst, other, count, reduce)
        yield (round_, src, dst, chunk, other, reduce)
    for other in range(schedule.rounds + 1):
        yield (other, src, dst, chunk, count, reduce)
    yield (round_, src, dst, chunk, count, not reduce)


def with_rows(schedule: Schedule, rows: list[Row]) -> Schedule:
    return replace(schedule, rows=np.array(rows, dtype=ROW))


@pytest.mark.parametrize(("text", "ranks"), SCHEDULES)
def test_every_mutant_gets_the_verdict_of_the_interpreter(
    text: str, ranks: int
) -> None:
    name = parse(text)
    ranks = ranks or prod(name.sizes)
    schedule = name.schedule(ranks, 2 if name.block else ranks)
    wrong = 0

    for rows in mutants(schedule):
        expected = is_allreduce(schedule.ranks, schedule.chunks, rows)
        mutant = with_rows(schedule, rows)
        assert prove_exactly(mutant).ok == expected, rows
        assert prove_by_hash(mutant).ok == expected, rows
        wrong += not expected

    assert wrong >= 10 * len(schedule.rows)


def test_large_schedules_are_proved_by_hash() -> None:
    schedule = hierarchical((8, 9))
    broken = schedule.rows.copy()
    broken["chunk"][1000] = (broken["chunk"][1000] + 1) % 72

    assert prove(schedule) == Proof(ok=True)
    assert (
        "is not the sum over the ranks" in prove(replace(schedule, rows=broken)).reason
    )


def pair(*rows: Row) -> Schedule:
    return Schedule("pair", 2, 1, np.array(list(rows), dtype=ROW))


def test_an_exchange_reads_what_was_there_before_the_round() -> None:
    assert prove(pair((0, 0, 1, 0, 1, True), (0, 1, 0, 0, 1, True))).ok


def test_a_missing_part_is_named() -> None:
    proof = prove(pair((0, 0, 1, 0, 1, True)))

    assert proof == Proof(False, "chunk 0 of rank 0 holds the part of rank 1 not")


def test_a_doubled_part_is_named() -> None:
    rows: Rows = table(
        round=[0, 1, 2],
        src=[0, 0, 1],
        dst=[1, 1, 0],
        chunk=0,
        count=1,
        reduce=[1, 1, 0],
    )

    proof = prove(Schedule("twice", 2, 1, rows))

    assert proof.reason == "chunk 0 of rank 0 holds the part of rank 0 more than once"


def test_doubling_sixty_four_times_does_not_wrap_around() -> None:
    turns = np.arange(130)
    rows = table(
        round=turns, src=turns % 2, dst=(turns + 1) % 2, chunk=0, count=1, reduce=True
    )

    for judge in (prove_exactly, prove_by_hash):
        assert not judge(Schedule("doubling", 2, 1, rows)).ok


@pytest.mark.parametrize("bits", [61, 63])
def test_doubling_until_one_prime_is_fooled_does_not_fool_the_other(bits: int) -> None:
    turns = np.arange(bits + 1).repeat(2)  # 2^61 is 1 modulo 2^61 - 1
    src = np.arange(len(turns)) % 2
    rows = table(round=turns, src=src, dst=1 - src, chunk=0, count=1, reduce=True)

    assert not prove_by_hash(Schedule("doubling", 2, 1, rows)).ok


def test_the_primes_are_prime() -> None:
    for prime in map(int, PRIMES):
        odd, power = prime - 1, 0
        while odd % 2 == 0:
            odd, power = odd // 2, power + 1
        for base in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):  # exact below 2^64
            chain = [pow(base, odd << step, prime) for step in range(power)]
            assert chain[0] == 1 or prime - 1 in chain


def test_a_copy_beside_another_writer_is_a_hazard() -> None:
    rows = table(round=0, src=[1, 2], dst=0, chunk=0, count=1, reduce=[True, False])

    proof = prove(Schedule("race", 3, 1, rows))

    assert proof.reason.startswith("round 0: chunk 0 of rank 0 has another writer")


def test_three_may_add_to_one_place_at_once() -> None:
    to_zero = table(round=0, src=[1, 2, 3], dst=0, chunk=0, count=1, reduce=True)
    back = table(round=1, src=0, dst=[1, 2, 3], chunk=0, count=1, reduce=False)
    star = Schedule("star", 4, 1, np.concatenate([to_zero, back]))

    assert prove_exactly(star).ok
    assert prove_by_hash(star).ok


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ((0, 0, 2, 0, 1, True), "names a rank that is not there"),
        ((0, -1, 1, 0, 1, True), "names a rank that is not there"),
        ((0, 1, 1, 0, 1, True), "sends to itself"),
        ((0, 0, 1, 0, 2, True), "moves chunks that are not there"),
        ((0, 0, 1, 0, 0, True), "moves chunks that are not there"),
        ((0, 0, 1, -1, 1, True), "moves chunks that are not there"),
    ],
)
def test_rows_without_meaning_are_refused(row: Row, fault: str) -> None:
    assert prove(pair(row)) == Proof(False, f"row 0 {fault}")


def test_an_empty_schedule_sums_nothing() -> None:
    assert not prove(pair()).ok
