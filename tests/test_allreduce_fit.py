"""Fitting links: known parameters come back out of noisy synthetic ping-pongs."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.errors import NoDataError
from tenbin.kernels.allreduce.adding import typical_adds
from tenbin.kernels.allreduce.fit import fit_links
from tenbin.kernels.allreduce.hierarchical import hierarchical
from tenbin.kernels.allreduce.links import Link, Links, Protocol, lines_at
from tenbin.kernels.allreduce.machines import Machine, dump
from tenbin.kernels.allreduce.pieces import fit_hinge, fit_line, fit_pieces, time_of
from tenbin.kernels.allreduce.pingpong import (
    Probe,
    exchange,
    pair_counts,
    pair_up,
    typical,
)
from tenbin.kernels.allreduce.prove import malformed

SIZES = tuple(2**i for i in range(3, 25))
ADDS = tuple((size, 1e-7 + 5e-11 * size) for size in SIZES)

alphas = st.floats(-7.0, -3.5).map(lambda power: 10.0**power)
betas = st.floats(-11.0, -8.0).map(lambda power: 10.0**power)


def noisy(times: np.ndarray, spread: float, seed: int) -> np.ndarray:
    return times * np.exp(np.random.default_rng(seed).normal(0.0, spread, times.size))


def probes(
    link: str, alpha: float, beta: float, pairs: int, ports: float
) -> list[Probe]:
    """Return exact ping-pongs over a link that `ports` transfers share."""
    both_ways = 2 if link == "intra" else 1
    return [
        Probe(link, n, size, alpha + beta * size * max(1.0, both_ways * n / ports))
        for n in sorted({1, pairs})
        for size in SIZES
    ]


@settings(deadline=None, max_examples=50)
@given(alpha=alphas, beta=betas, seed=st.integers(0, 2**16))
def test_a_line_is_recovered_from_noisy_times(
    alpha: float, beta: float, seed: int
) -> None:
    size = np.array(SIZES)
    found = fit_line(size, noisy(alpha + beta * size, 0.03, seed))
    wanted = alpha + beta * size
    assert np.abs(found[0] + found[1] * size - wanted).max() <= (0.1 * wanted).max()
    knee = alpha / beta
    if SIZES[4] < knee < SIZES[-5]:  # both parameters are visible
        assert found == pytest.approx((alpha, beta), rel=0.1)


@settings(deadline=None, max_examples=15)
@given(at=st.sampled_from(SIZES[6:-6]), seed=st.integers(0, 2**16))
def test_a_change_of_protocol_is_found(at: int, seed: int) -> None:
    true = (Protocol(0, 2e-6, 1e-9), Protocol(at, 2e-5 + 1e-9 * at, 1e-10))
    size = np.array(SIZES)
    found = fit_pieces(size, noisy(time_of(true, size), 0.02, seed))
    assert at in [piece.from_bytes for piece in found]
    error = np.abs(time_of(found, size) / time_of(true, size) - 1.0)
    assert np.median(error) < 0.05


@settings(deadline=None, max_examples=15)
@given(at=st.sampled_from(SIZES[12:-6]), seed=st.integers(0, 2**16))
def test_bytes_that_pass_at_once_are_found(at: int, seed: int) -> None:
    size = np.array(SIZES)
    true = 2e-4 + 8e-9 * np.maximum(size - at, 0)

    hinge, lines = fit_hinge(size, noisy(true, 0.02, seed))

    assert hinge == pytest.approx(at, rel=0.3)
    assert time_of(lines, np.maximum(size - hinge, 0)) == pytest.approx(true, rel=0.15)


def test_without_a_credit_no_bytes_are_free() -> None:
    size = np.array(SIZES)
    hinge, lines = fit_hinge(size, noisy(1e-5 + 1e-9 * size, 0.02, seed=5))
    assert (hinge, len(lines)) == (0.0, 1)


def test_the_credit_of_a_node_is_what_its_ranks_send_together() -> None:
    credit, alpha, beta = 2**17, 2e-4, 8e-9  # two rounds of `n` messages per node
    shaped = [
        Probe("inter", n, m, alpha + beta * max(0.0, n * m - credit / 2))
        for n in (1, 2, 4)
        for m in SIZES
    ]

    assert fit_links(shaped, ADDS).inter.credit_bytes == pytest.approx(credit, rel=0.1)


def test_one_line_stays_one_piece() -> None:
    size = np.array(SIZES)
    pieces = fit_pieces(size, noisy(1e-6 + 1e-10 * size, 0.05, seed=3))
    assert len(pieces) == 1


def test_links_and_the_ports_of_a_node_are_recovered() -> None:
    found = fit_links(
        [*probes("intra", 1e-6, 1e-10, 2, 4.0), *probes("inter", 1e-5, 1e-9, 4, 2.0)],
        ADDS,
    )
    assert found.inter.node_ports == pytest.approx(2.0, rel=0.05)
    assert found.inter.beta(2**22) == pytest.approx(1e-9, rel=0.05)
    assert found.inter.alpha(8) == pytest.approx(1e-5, rel=0.05)
    assert found.intra.node_ports == math.inf  # two pairs do not slow each other
    assert found.gamma_s_per_byte == pytest.approx(5e-11, rel=0.02)


def test_fans_show_the_overhead_of_a_message_and_the_ports_of_a_rank() -> None:
    def timed(shape: str, members: int, messages: int) -> list[Probe]:
        shared = max(1.0, messages / 1.5)  # a rank has 1.5 ports
        return [
            Probe(
                "intra",
                2,
                size,
                1e-6 + 3e-7 * (messages - 1) + 1e-10 * size * shared,
                shape,
                members,
            )
            for size in SIZES
        ]

    found = fit_links(
        [
            *probes("intra", 1e-6, 1e-10, 2, 4.0),
            *timed("ring", 4, 1),
            *timed("fan", 4, 3),
        ],
        ADDS,
    )

    assert found.intra.overhead(8) == pytest.approx(3e-7, rel=0.1)
    assert found.intra.rank_ports == pytest.approx(1.5, rel=0.05)


def test_two_messages_to_one_peer_show_the_overhead_of_each_protocol() -> None:
    true = (Protocol(0, 2e-6, 1e-10, 5e-7), Protocol(2**13, 4e-6, 1e-10, 3e-6))

    def timed(shape: str, messages: int) -> list[Probe]:
        alpha = lines_at(true, SIZES, "alpha_s")
        further = lines_at(true, SIZES, "overhead_s")
        time = alpha + (messages - 1) * further + 1e-10 * messages * np.array(SIZES)
        pairs = zip(SIZES, time.tolist(), strict=True)
        return [Probe("intra", 1, size, time_s, shape) for size, time_s in pairs]

    found = fit_links([*timed("pair", 1), *timed("fan", 2)], ADDS).intra

    assert found.overhead(SIZES[0]) == pytest.approx(5e-7, rel=0.1)
    assert found.overhead(2**14) == pytest.approx(3e-6, rel=0.1)
    assert found.rank_ports == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("ports", [1.0, 2.0])
def test_any_number_of_pairs_shows_the_ports_of_a_node(ports: float) -> None:
    several = [
        Probe("inter", n, size, 1e-5 + 1e-9 * size * max(1.0, n / ports))
        for n in (1, 2, 4)
        for size in SIZES
    ]

    assert fit_links(several, ADDS).inter.node_ports == pytest.approx(ports, rel=0.05)


def test_rings_are_believed_before_pairs_where_ranks_wait_for_each_other() -> None:
    ring = [Probe("intra", 2, size, 3e-6 + 1e-10 * size, "ring", 4) for size in SIZES]

    found = fit_links([*probes("intra", 1e-6, 1e-10, 2, 4.0), *ring], ADDS)

    assert found.intra.alpha(8) == pytest.approx(3e-6, rel=0.05)


def test_a_disturbed_pass_does_not_count() -> None:
    passes = [[Probe("intra", 1, 8, time_s)] for time_s in (1e-6, 9e-3, 1.1e-6)]

    assert typical(passes) == [Probe("intra", 1, 8, 1.1e-6)]


@given(
    sizes=st.lists(st.integers(2, 5), min_size=1, max_size=3),
    shape=st.sampled_from(["ring", "fan"]),
)
def test_an_exchange_never_writes_what_it_sends(sizes: list[int], shape: str) -> None:
    ends = np.cumsum([0, *sizes]).tolist()
    groups = tuple(tuple(range(a, b)) for a, b in pairwise(ends))

    schedule = exchange(ends[-1], groups, shape)

    assert malformed(schedule) == ""
    for rows in schedule:
        sent = set(zip(rows["src"].tolist(), rows["chunk"].tolist(), strict=True))
        written = list(zip(rows["dst"].tolist(), rows["chunk"].tolist(), strict=True))
        assert len(set(written)) == len(written)
        assert not sent & set(written)


@pytest.mark.parametrize("shape", ["ring", "fan"])
@pytest.mark.parametrize("ranks", [2, 3, 5])
def test_an_exchange_sends_on_what_has_just_come(ranks: int, shape: str) -> None:
    schedule = exchange(ranks, (tuple(range(ranks)),), shape)
    algorithm = hierarchical((ranks,), ("ring" if shape == "ring" else "direct",))

    assert schedule.rounds == algorithm.rounds
    for before, rows in pairwise(schedule):
        came = zip(before["dst"].tolist(), before["chunk"].tolist(), strict=True)
        gone = zip(rows["src"].tolist(), rows["chunk"].tolist(), strict=True)
        assert set(gone) <= set(came)


def test_a_machine_of_one_node_has_one_kind_of_link() -> None:
    found = fit_links(probes("intra", 1e-6, 1e-10, 1, 2.0), ADDS)
    assert found.inter == found.intra


def test_additions_have_an_overhead_and_lines_of_their_own() -> None:
    true = (Protocol(0, 3e-7, 2e-11), Protocol(2**20, 1e-6, 5e-11))
    adds = [(size, float(time_of(true, size))) for size in SIZES]

    found = fit_links(probes("intra", 1e-6, 1e-10, 1, 2.0), adds)

    size = np.array(SIZES)
    assert found.adding(size) == pytest.approx(time_of(true, size), rel=0.02)
    assert found.adding(0) == 0.0


def test_typical_additions_are_those_of_the_middle_pass() -> None:
    passes = [[(8, time_s), (16, 2e-6)] for time_s in (1e-6, 9e-3, 1.1e-6)]

    assert typical_adds(passes) == [(8, 1.1e-6), (16, 2e-6)]


def test_no_pair_is_no_data() -> None:
    with pytest.raises(NoDataError, match="at least 2"):
        fit_links([], ADDS)


def test_fitted_links_survive_a_machine_file() -> None:
    import tomllib

    import msgspec

    link = Link(1e-6, 1e-10, node_ports=1.5, protocols=(Protocol(4096, 2e-6, 9e-11),))
    adds = (Protocol(2**20, 1e-6, 6e-11),)
    links = Links(link, Link(1e-5, 1e-9), 5e-11, 0.07, 3e-7, adds)
    text = dump("here", ["a test"], 4, links)
    assert msgspec.convert(tomllib.loads(text), Machine).links == links


@given(nodes=st.integers(1, 5), per_node=st.integers(1, 6))
def test_pairs_never_share_a_rank_and_stay_on_their_kind_of_link(
    nodes: int, per_node: int
) -> None:
    place = [node for node in range(nodes) for _ in range(per_node)]
    for link in ("intra", "inter"):
        for count in pair_counts(place, link):
            pairs = pair_up(place, link, count)
            ranks = [rank for pair in pairs for rank in pair]
            assert len(set(ranks)) == len(ranks) > 0
            inside = [place[one] == place[other] for one, other in pairs]
            assert all(inside) if link == "intra" else not any(inside)
            assert max(np.bincount([place[r] for r in ranks])) <= 2 * count
