"""Every form of the space is an allreduce, of the steps and bytes it claims."""

from itertools import product
from math import ceil, log2, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.kernels.allreduce.doubling import doubling
from tenbin.kernels.allreduce.full import full
from tenbin.kernels.allreduce.halving import halving
from tenbin.kernels.allreduce.hierarchical import PATTERNS, hierarchical
from tenbin.kernels.allreduce.leader import REDUCTIONS, leader
from tenbin.kernels.allreduce.lower import lower
from tenbin.kernels.allreduce.names import parse
from tenbin.kernels.allreduce.phases import phases
from tenbin.kernels.allreduce.pipeline import pipeline
from tenbin.kernels.allreduce.prove import prove
from tenbin.kernels.allreduce.schedule import Schedule, reverse, table, then
from tenbin.kernels.allreduce.swing import partner, swing
from tenbin.kernels.allreduce.traffic import traffic
from tenbin.kernels.allreduce.tree import in_order, tree

WHOLE = {"tree": tree, "doubling": doubling, "swing": swing}
LEVELLED = {"hierarchical": hierarchical, "leader": leader, "full": full}
ANY = [
    "7",
    "4dx3h",
    "3hx5d",
    "leader:5x3",
    "leader:4hx2/3",
    "full:3x4d",
    "tree/4",
    "swing",
    "doubling/2",
    "3x4@1",
    "two-level@3",
]


def made(text: str) -> Schedule:
    name = parse(text)
    ranks = prod(name.sizes) if name.sizes else 12
    return name.schedule(ranks, name.block or ranks)


def sent(schedule: Schedule) -> int:
    nodes = np.zeros(schedule.ranks, dtype=np.int_)
    return traffic(schedule, nodes, schedule.chunks, 1).sent_bytes_per_rank


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("segments", [1, 3])
def test_whole_algorithms_sum_over_any_rank_count(name: str, segments: int) -> None:
    for ranks in range(2, 34):
        proof = prove(pipeline(WHOLE[name](ranks), segments))
        assert proof.ok, (ranks, proof.reason)


@pytest.mark.parametrize("name", LEVELLED)
@pytest.mark.parametrize("levels", [(2,), (5,), (3, 2), (2, 7), (2, 3, 2)])
def test_every_mix_of_patterns_is_an_allreduce(
    name: str, levels: tuple[int, ...]
) -> None:
    for patterns in product(PATTERNS, repeat=len(levels)):
        proof = prove(LEVELLED[name](levels, patterns))
        assert proof.ok, (patterns, proof.reason)


@settings(deadline=None)
@given(st.sampled_from(ANY), st.integers(1, 5))
def test_segments_keep_an_allreduce_and_add_one_round_each(
    text: str, segments: int
) -> None:
    schedule = made(text)

    cut = pipeline(schedule, segments)

    assert prove(cut).ok
    assert cut.rounds == schedule.rounds + segments - 1
    assert sent(cut) == segments * sent(schedule)


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("ranks", [3, 5, 6, 7, 12, 17])
def test_patterns_leave_chunk_r_on_rank_r_for_odd_counts(
    pattern: str, ranks: int
) -> None:
    everyone = np.arange(ranks)
    peers = (everyone + np.arange(1, ranks)[:, None]) % ranks
    rows = table(round=0, src=everyone, dst=peers, chunk=everyone, count=1, reduce=0)
    gather = Schedule("gather", ranks, ranks, rows)

    assert prove(then(PATTERNS[pattern](ranks), gather)).ok


@pytest.mark.parametrize("pattern", REDUCTIONS)
@pytest.mark.parametrize("ranks", [2, 3, 6, 8, 13])
def test_reductions_end_on_rank_zero(pattern: str, ranks: int) -> None:
    up = REDUCTIONS[pattern](ranks)

    assert prove(then(up, reverse(up))).ok
    assert len(up.rows) == ranks - 1


@pytest.mark.parametrize("ranks", [2, 3, 5, 8, 31, 64])
def test_halving_takes_the_fewest_rounds(ranks: int) -> None:
    assert halving(ranks).rounds == ceil(log2(ranks))


@pytest.mark.parametrize("ranks", [2, 4, 16])
def test_powers_of_two_move_what_the_textbook_says(ranks: int) -> None:
    steps = round(log2(ranks))

    assert (doubling(ranks).rounds, sent(doubling(ranks))) == (steps, steps)
    assert (swing(ranks).rounds, sent(swing(ranks))) == (2 * steps, 2 * (ranks - 1))
    assert sent(halving(ranks)) == ranks - 1


def test_swing_meets_the_ranks_of_the_picture_in_its_docstring() -> None:
    pairs = [
        {tuple(sorted(pair)) for pair in enumerate(partner(8, step).tolist())}
        for step in range(3)
    ]

    assert pairs == [
        {(0, 1), (2, 3), (4, 5), (6, 7)},
        {(0, 7), (1, 2), (3, 4), (5, 6)},
        {(0, 3), (1, 6), (2, 5), (4, 7)},
    ]


def test_the_first_tree_is_the_picture_in_its_docstring() -> None:
    parent, height = in_order(8)

    assert parent.tolist() == [1, 3, 1, 7, 5, 3, 5, -1]
    assert height.tolist() == [0, 1, 0, 2, 0, 1, 0, 3]


@pytest.mark.parametrize("ranks", [2, 6, 8, 30])
def test_an_inner_rank_of_one_tree_is_a_leaf_of_the_other(ranks: int) -> None:
    adds = tree(ranks).rows[tree(ranks).rows["reduce"]]
    inner = [set(adds["dst"][adds["chunk"] == half].tolist()) for half in (0, 1)]

    assert not inner[0] & inner[1]


@pytest.mark.parametrize("ranks", range(2, 40))
def test_a_tree_has_one_root_above_all(ranks: int) -> None:
    parent, height = in_order(ranks)
    below = parent >= 0

    assert np.sum(~below) == 1
    assert np.all(height[parent[below]] > height[below])


@settings(deadline=None)
@given(st.sampled_from(ANY), st.integers(0, 40))
def test_both_ends_agree_for_messages_smaller_than_the_rank_count(
    text: str, count: int
) -> None:
    schedule = made(text)
    ends: list[list[tuple[int, ...]]] = [[], []]
    for rank in range(schedule.ranks):
        for step in lower(schedule, rank, count):
            ends[0] += [(rank, m.peer, m.tag, m.first, m.last) for m in step.sends]
            ends[1] += [(m.peer, rank, m.tag, m.first, m.last) for m in step.receives]

    assert sorted(ends[0]) == sorted(ends[1])


def test_leaders_alone_talk_across_nodes() -> None:
    schedule = leader((4, 3))
    nodes = np.arange(12) // 4
    rows = schedule.rows
    off = nodes[rows["src"]] != nodes[rows["dst"]]

    assert set(rows["src"][off].tolist()) == {0, 4, 8}


def test_phases_join_rounds_that_do_the_same() -> None:
    found = phases(hierarchical((4, 2)), np.arange(8) // 4)

    assert [(p.first, p.last, p.links, p.does) for p in found] == [
        (0, 2, ("inside",), ("add",)),
        (3, 3, ("between",), ("add",)),
        (4, 4, ("between",), ("copy",)),
        (5, 7, ("inside",), ("copy",)),
    ]
    assert {p.messages for p in found} == {8}
