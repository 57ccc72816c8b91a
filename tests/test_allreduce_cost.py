"""Predicted times against textbooks, and against what no machine can beat."""

from dataclasses import replace
from math import log2, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.kernels.allreduce.bound import bound
from tenbin.kernels.allreduce.closed import closed_form
from tenbin.kernels.allreduce.cost import predict
from tenbin.kernels.allreduce.links import Link, Links, Protocol
from tenbin.kernels.allreduce.names import parse
from tenbin.kernels.allreduce.schedule import Schedule
from tenbin.kernels.allreduce.traffic import node_by_node

ALPHA, BETA, GAMMA = 3e-6, 2e-10, 5e-11
LINKS = Links(Link(ALPHA, BETA), Link(ALPHA, BETA), GAMMA)
N = 2**20 * 105  # divisible by all rank counts here
NAMES = ["8", "4x2", "2x2x2", "8d", "8h", "4dx2h", "leader:4x2/4", "full:2x4"]
NAMES += ["tree/8", "doubling", "swing", "two-level@1"]

times = st.floats(0, 1e-3)
link = st.builds(
    Link,
    *(times, times, st.sampled_from([1.0, 3.0]), st.sampled_from([1.0, 2.5])),
    credit_bytes=st.sampled_from([0.0, 1000.0]),
)


def schedule(text: str, ranks: int = 8, ranks_per_node: int = 4) -> Schedule:
    return parse(text).schedule(ranks, ranks_per_node)


def seconds(text: str, ranks: int = 8, links: Links = LINKS, n: int = N) -> float:
    return predict(schedule(text, ranks), np.zeros(ranks, int), n, 4, links).time_s


@pytest.mark.parametrize("ranks", [2, 3, 5, 8, 16])
def test_a_ring_takes_the_time_of_the_textbook(ranks: int) -> None:
    p, share = ranks, (ranks - 1) / ranks
    wanted = 2 * (p - 1) * ALPHA + 2 * share * N * BETA + share * N * GAMMA

    assert seconds("flat", ranks) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize(("text", "ranks"), [("2x2x2", 8), ("8h", 8), ("swing", 16)])
def test_halving_and_doubling_take_the_time_of_rabenseifner(
    text: str, ranks: int
) -> None:
    share = (ranks - 1) / ranks
    wanted = 2 * log2(ranks) * ALPHA + 2 * share * N * BETA + share * N * GAMMA

    assert seconds(text, ranks) == pytest.approx(wanted, rel=1e-6)


def test_recursive_doubling_sends_everything_in_every_step() -> None:
    assert seconds("doubling") == pytest.approx(3 * (ALPHA + N * BETA + N * GAMMA))


@settings(deadline=None)
@given(st.lists(st.integers(2, 5), min_size=1, max_size=3))
def test_levels_add_up_to_the_sum_over_levels(levels: list[int]) -> None:
    ranks, left, wanted = prod(levels), float(N), 0.0
    for size in levels:
        share = (size - 1) / size * left
        wanted += 2 * (size - 1) * ALPHA + 2 * share * BETA + share * GAMMA
        left /= size

    found = seconds("x".join(map(str, levels)), ranks)

    assert found == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("4", "6 alpha + 3/2 n beta + 3/4 n gamma"),
        ("2x2", "4 alpha + 3/2 n beta + 3/4 n gamma"),
        ("4d", "2 alpha + 3/2 n beta + 3/4 n gamma"),
        ("doubling", "2 alpha + 2 n beta + 2 n gamma"),
        ("full:2x2", "4 alpha + 2 n beta + 1 n gamma"),
    ],
)
def test_the_closed_form_is_that_of_the_textbook(text: str, form: str) -> None:
    assert str(closed_form(schedule(text, 4), np.zeros(4, int), LINKS)) == form


def test_levels_over_two_kinds_of_links_have_a_term_for_each() -> None:
    form = closed_form(schedule("4x2"), node_by_node(8, 4), LINKS)

    assert str(form) == (
        "6 alpha_intra + 3/2 n beta_intra + 2 alpha_inter + 1/4 n beta_inter "
        "+ 7/8 n gamma"
    )


@pytest.mark.parametrize("text", NAMES)
@pytest.mark.parametrize("node_ports", [2, float("inf")])
def test_the_closed_form_gives_the_time_unless_a_port_is_still_busy(
    text: str, node_ports: float
) -> None:
    made, nodes = schedule(text), node_by_node(8, 4)
    across = Link(5e-6, 4e-10, node_ports=node_ports)
    links = Links(Link(1e-6, 1e-10), across, 3e-11)

    found = predict(made, nodes, 2**20, 1, links).time_s
    form = closed_form(made, nodes, links).time_s(2**20, links)

    if text == "swing" and node_ports == 2:  # two pairs of a node go off it in turns
        assert form < found
    else:
        assert form == pytest.approx(found)


def test_ranks_of_a_node_share_its_ports() -> None:
    """Four pairs over two ports take twice the bytes of one; see the reference."""
    made, nodes = schedule("4x2"), node_by_node(8, 4)
    free = Links(Link(0, 0), Link(0, BETA), 0)
    shared = replace(free, inter=Link(0, BETA, node_ports=2))

    alone = predict(made, nodes, N, 4, free).time_s

    assert alone == pytest.approx(2 * N / 8 * BETA)
    assert predict(made, nodes, N, 4, shared).time_s == pytest.approx(2 * alone)


@pytest.mark.parametrize("text", ["4x2", "flat", "leader:4x2", "doubling"])
def test_a_credit_saves_its_bytes_once(text: str) -> None:
    made, nodes = schedule(text), node_by_node(8, 4)
    shaped = Links(Link(0, 0), Link(0, BETA, node_ports=1), 0)
    rested = replace(shaped, inter=replace(shaped.inter, credit_bytes=N / 100))

    full = predict(made, nodes, N, 4, shaped).time_s

    saved = full - predict(made, nodes, N, 4, rested).time_s
    assert saved == pytest.approx(N / 100 * BETA)
    assert predict(made, nodes, 64, 4, rested).time_s == 0.0


def test_a_flat_ring_crosses_each_node_border_once() -> None:
    links = Links(Link(0, 0), Link(0, BETA, node_ports=1), 0)
    nodes = node_by_node(8, 4)

    by_node = predict(schedule("flat"), nodes, N, 4, links).time_s
    dealt = predict(schedule("flat@1"), nodes, N, 4, links).time_s

    assert by_node == pytest.approx(2 * 7 / 8 * N * BETA)
    assert dealt == pytest.approx(4 * by_node)


def test_a_rank_with_more_ports_sends_to_more_peers_at_once() -> None:
    wide = replace(LINKS, intra=Link(ALPHA, BETA, rank_ports=3))

    assert seconds("4d", 4, wide) < seconds("4d", 4)
    assert seconds("4", 4, wide) == seconds("4", 4)


def test_segments_pay_where_ranks_rest() -> None:
    assert seconds("tree/32") < 0.6 * seconds("tree")
    assert seconds("leader:4x2/16") < 0.6 * seconds("leader:4x2")
    assert seconds("tree/32", n=64) > seconds("tree", n=64)


def test_protocols_take_over_from_their_size_on() -> None:
    link = Link(1e-6, 1e-9, protocols=(Protocol(1000, 5e-6, 1e-10),))
    size = np.array([0, 999, 1000, 10**6])

    assert link.alpha(size).tolist() == [1e-6, 1e-6, 5e-6, 5e-6]
    assert link.beta(size).tolist() == [1e-9, 1e-9, 1e-10, 1e-10]


def test_every_addition_costs_its_overhead() -> None:
    slow = replace(LINKS, add_s=1e-3)

    assert seconds("flat", links=slow) - seconds("flat") == pytest.approx(7e-3)
    assert seconds("8d", links=slow) - seconds("8d") == pytest.approx(7e-3)


def test_additions_are_slower_from_a_size_on() -> None:
    late = replace(LINKS, adds=(Protocol(N // 2, 0.0, 3 * GAMMA),))

    assert seconds("doubling", links=late) > seconds("doubling")
    assert seconds("flat", links=late) == seconds("flat")


def test_bytes_are_as_slow_as_their_buffer_is_long() -> None:
    out_of_cache = (Protocol(N // 8, 0.0, 3 * BETA),)
    link = Link(ALPHA, BETA, protocols=out_of_cache, members=8)

    slow = seconds("8/4", links=replace(LINKS, intra=link))
    less = seconds("8/4", links=replace(LINKS, intra=replace(link, members=0)))

    assert less == pytest.approx(seconds("8/4"))
    assert slow > 1.5 * less


def test_each_further_message_of_a_round_costs_its_overhead() -> None:
    slow = replace(LINKS, intra=Link(ALPHA, BETA, overhead_s=1e-3))

    assert seconds("4d", 4, slow) - seconds("4d", 4) == pytest.approx(4e-3)
    assert seconds("4", 4, slow) == seconds("4", 4)


@settings(deadline=None)
@given(st.sampled_from(NAMES), link, link, times, st.integers(0, 3000))
def test_nothing_is_faster_than_its_fullest_link(
    text: str, intra: Link, inter: Link, gamma: float, count: int
) -> None:
    links, nodes = Links(intra, inter, gamma), node_by_node(8, 4)

    found = predict(schedule(text), nodes, 4 * count, 4, links)

    floor = bound(schedule(text), nodes, 4 * count, 4, links)
    assert found.time_s >= floor * (1 - 1e-9)


@settings(deadline=None)
@given(st.sampled_from(NAMES), link, link, times, st.integers(0, 3000))
def test_the_critical_path_explains_the_time(
    text: str, intra: Link, inter: Link, gamma: float, count: int
) -> None:
    found = predict(
        schedule(text), node_by_node(8, 4), 4 * count, 4, Links(intra, inter, gamma)
    )

    parts = found.latency_s + found.transfer_s + found.add_s
    assert parts == pytest.approx(found.time_s)
    assert [hop.round for hop in found.path] == sorted({h.round for h in found.path})


def test_an_empty_message_takes_no_time() -> None:
    assert seconds("4x2", n=0) == 0.0


def test_a_message_smaller_than_the_rank_count_sends_only_what_is_there() -> None:
    assert 0 < seconds("flat", n=4) <= 14 * (ALPHA + 4 * BETA + 4 * GAMMA)
