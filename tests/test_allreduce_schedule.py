from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenbin.kernels.allreduce.hierarchical import PATTERNS, hierarchical
from tenbin.kernels.allreduce.lower import Step, lower
from tenbin.kernels.allreduce.prove import prove
from tenbin.kernels.allreduce.ring import ring
from tenbin.kernels.allreduce.schedule import (
    Schedule,
    embed,
    relabel,
    reverse,
    table,
    then,
)
from tenbin.kernels.allreduce.traffic import traffic

hierarchies = st.lists(st.integers(2, 5), min_size=1, max_size=4).filter(
    lambda levels: prod(levels) <= 64
)


def rows_of(schedule: Schedule) -> list[tuple[int, ...]]:
    rows: list[tuple[int, ...]] = schedule.rows.tolist()
    return rows


@given(hierarchies)
def test_every_hierarchy_is_an_allreduce(levels: list[int]) -> None:
    assert prove(hierarchical(levels)).ok


@given(hierarchies)
def test_steps_and_bytes_are_those_of_the_textbook(levels: list[int]) -> None:
    schedule, ranks = hierarchical(levels), prod(levels)

    moved = traffic(schedule, [0] * ranks, count=ranks, itemsize=4)

    assert schedule.rounds == sum(2 * (size - 1) for size in levels)
    assert moved.sent_bytes_per_rank == 2 * (ranks - 1) * 4
    assert moved.intra_bytes == ranks * moved.sent_bytes_per_rank
    assert moved.inter_bytes == 0


def test_a_torus_sends_across_nodes_only_what_it_must() -> None:
    ranks_per_node, nodes, count = 8, 4, 32
    place = [rank // ranks_per_node for rank in range(count)]

    moved = traffic(hierarchical((ranks_per_node, nodes)), place, count, itemsize=1)

    assert moved.inter_bytes == nodes * 2 * (nodes - 1) * count // nodes
    assert moved.inter_bytes / (moved.inter_bytes + moved.intra_bytes) == 3 / 31


def test_one_ring_is_the_picture_in_its_docstring() -> None:
    sent = [(0, 1, 3), (1, 2, 0), (2, 3, 1), (3, 0, 2)]

    found = [(src, dst, chunk) for _, src, dst, chunk, _, _ in rows_of(ring(4))[:4]]

    assert found == sent


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("ranks", [2, 4, 8])
def test_every_pattern_leaves_chunk_r_on_rank_r(pattern: str, ranks: int) -> None:
    scatter = PATTERNS[pattern](ranks)
    everyone = np.arange(ranks)
    spread = [
        table(
            round=0, src=r, dst=everyone[everyone != r], chunk=r, count=1, reduce=False
        )
        for r in everyone
    ]
    gather = Schedule("direct", ranks, ranks, np.concatenate(spread))

    assert prove(then(scatter, gather)).ok


@given(hierarchies, st.randoms())
def test_any_order_of_the_ranks_is_an_allreduce(levels, random) -> None:  # type: ignore
    places = list(range(prod(levels)))
    random.shuffle(places)

    assert prove(relabel(hierarchical(levels), np.array(places))).ok


def test_the_reverse_of_a_reverse_copies_along_the_same_rows() -> None:
    twice = reverse(reverse(ring(5))).rows

    for name in ("round", "src", "dst", "chunk", "count"):
        np.testing.assert_array_equal(twice[name], ring(5).rows[name])


def test_rows_are_put_in_the_order_of_their_rounds() -> None:
    rows = table(
        round=[1, 0, 1], src=[0, 1, 1], dst=[1, 0, 0], chunk=0, count=1, reduce=1
    )

    schedule = Schedule("any", 2, 1, rows)

    assert [row[0] for row in rows_of(schedule)] == [0, 1, 1]
    assert schedule.rounds == 2


def test_embedding_moves_groups_and_windows() -> None:
    groups, first = np.array([[0, 2], [1, 3]]), np.array([0, 4])

    merged = embed(ring(2), groups, first, width=2, ranks=4, chunks=8)

    assert rows_of(merged) == [
        (0, 0, 2, 2, 2, True),
        (0, 1, 3, 6, 2, True),
        (0, 2, 0, 0, 2, True),
        (0, 3, 1, 4, 2, True),
    ]


def test_parts_of_different_size_do_not_follow_each_other() -> None:
    with pytest.raises(ValueError, match="same ranks"):
        then(ring(3), ring(4))


@pytest.mark.parametrize("levels", [(), (4, 1), (0,)])
def test_a_hierarchy_needs_levels_of_two(levels: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at least 2 ranks"):
        hierarchical(levels)


def elements_moved(steps: tuple[Step, ...]) -> int:
    return sum(m.last - m.first for step in steps for m in step.sends)


@given(hierarchies, st.integers(0, 200))
def test_both_ends_of_a_message_agree(levels: list[int], count: int) -> None:
    schedule, ranks = hierarchical(levels), prod(levels)
    steps = [lower(schedule, rank, count) for rank in range(ranks)]

    sent: dict[tuple[int, int], list[tuple[int, ...]]] = {}
    received: dict[tuple[int, int], list[tuple[int, ...]]] = {}
    for rank, own in enumerate(steps):
        for step in own:
            for m in step.sends:
                sent.setdefault((rank, m.peer), []).append((m.tag, m.first, m.last))
            for m in step.receives:
                received.setdefault((m.peer, rank), []).append((m.tag, m.first, m.last))

    assert sent == received
    assert sum(map(elements_moved, steps)) == 2 * (ranks - 1) * count


def test_neighbouring_chunks_become_one_message_and_others_get_tags() -> None:
    rows = table(round=0, src=0, dst=1, chunk=[0, 1, 3], count=1, reduce=False)

    (step,) = lower(Schedule("any", 2, 4, rows), rank=1, count=8)

    assert [(m.first, m.last, m.tag) for m in step.receives] == [(0, 4, 0), (6, 8, 1)]


def test_ranks_without_part_in_a_round_skip_it() -> None:
    rows = table(round=[0, 1], src=[0, 1], dst=[1, 2], chunk=0, count=1, reduce=False)

    assert len(lower(Schedule("any", 3, 1, rows), rank=2, count=5)) == 1


def test_nothing_is_sent_of_an_empty_buffer() -> None:
    assert lower(hierarchical((2, 2)), rank=0, count=0) == ()
