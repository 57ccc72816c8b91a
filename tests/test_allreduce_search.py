"""Searching on simulated links: nothing good is pruned, and the advice follows."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.case import Case
from tenbin.kernels.allreduce import KERNEL
from tenbin.kernels.allreduce.advice import (
    Measured,
    crossovers,
    library_losses,
    pareto,
    winners,
)
from tenbin.kernels.allreduce.links import Link, Links
from tenbin.kernels.allreduce.names import parse
from tenbin.kernels.allreduce.problem import AllreduceProblem
from tenbin.kernels.allreduce.search import BASELINES, candidates, survivors
from tenbin.kernels.allreduce.space import (
    contained,
    distinct,
    exhaustive,
    factorisations,
    forecast,
    meaning,
    ranked,
)

SIZES = (1024, 2**16, 2**22, 2**26)
CLOSE = 1.02

powers = st.floats(-6.5, -4.0).map(lambda power: 10.0**power)
ratios = st.floats(1.0, 50.0)


@st.composite
def machines(draw: st.DrawFn) -> Links:
    """Return links that are slower between nodes than inside."""
    alpha, beta = draw(powers), 1e-10
    slower = draw(ratios)
    return Links(
        Link(alpha, beta),
        Link(alpha * draw(ratios), beta * slower, node_ports=draw(st.floats(0.5, 4.0))),
        gamma_s_per_byte=draw(st.floats(0.0, 1e-10)),
    )


@pytest.mark.parametrize(("ranks", "count"), [(1, 1), (8, 4), (12, 8), (64, 32)])
def test_ordered_factorisations_are_counted_right(ranks: int, count: int) -> None:
    assert len(set(factorisations(ranks))) == count


@settings(deadline=None, max_examples=15)
@given(links=machines(), place=st.sampled_from([(8, 2), (8, 4), (16, 4), (12, 3)]))
def test_the_best_for_many_ranks_contains_the_best_for_few(
    links: Links, place: tuple[int, int]
) -> None:
    whole = forecast(exhaustive(place[0]), *place, SIZES, links)
    grown = contained(*place, SIZES, links)
    assert grown.keys() <= whole.keys()
    for number, _ in enumerate(SIZES):
        best = min(times[number] for times in whole.values())
        assert min(times[number] for times in grown.values()) <= CLOSE * best


def test_contained_search_tries_few_of_many() -> None:
    links = Links(Link(1e-6, 1e-10), Link(1e-5, 1e-9, node_ports=1.0), 1e-11)
    grown = contained(128, 8, (2**24,), links, keep=2)
    assert len(grown) < len(exhaustive(128)) / 10


@settings(deadline=None, max_examples=10)
@given(links=machines(), place=st.sampled_from([(2, 2), (6, 2), (8, 4), (7, 7)]))
def test_survivors_fit_and_hold_the_baselines_once(
    links: Links, place: tuple[int, int]
) -> None:
    for names in survivors(*place, SIZES, links, most=4).values():
        assert names[: len(BASELINES)] == BASELINES
        assert len(set(names)) == len(names) <= len(BASELINES) + 4 + 4
        for name in names[1:]:
            parse(name).levels(*place)


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ((4, 4), {"shm:4", "shm-copy:4"}),
        ((8, 4), {"shm:4x2", "lib:4x2", "lib-leader:4x2"}),
        ((4, 1), set()),
    ],
)
def test_what_nothing_predicts_is_measured_too(
    place: tuple[int, int], wanted: set[str]
) -> None:
    links = Links(Link(1e-6, 1e-10), Link(1e-5, 1e-9, node_ports=1.0), 1e-11)
    (names,) = survivors(*place, (2**20,), links, most=2).values()
    assert wanted <= set(names)
    assert any(name.startswith("shm") for name in names) == bool(wanted)
    assert not forecast(wanted, *place, (2**20,), links)
    for name in wanted:
        case = Case("allreduce", name, "float32", AllreduceProblem(2**20), *place)
        assert KERNEL.decline(case) == ""


def test_slow_links_between_nodes_favour_levels() -> None:
    links = Links(Link(1e-6, 1e-11), Link(1e-5, 8e-9, node_ports=1.0), 1e-11)
    times = candidates(16, 4, (2**24,), links)
    levels = [name for name in times if len(parse(name).levels(16, 4)) > 1]
    assert min(times[name][0] for name in levels) < 0.9 * times["16"][0]


def test_two_spellings_are_measured_once() -> None:
    names = ("library", "flat", "8", "2x4", "two-level", "2dx4", "2x4@1", "2x4/4")
    kept = ["library", "flat", "2x4", "2x4@1", "2x4/4"]
    assert list(distinct(names, 8, 2)) == kept


@pytest.mark.parametrize(
    ("names", "place"),
    [
        (("2x4", "2dx4", "2hx4", "two-level"), (8, 2)),
        (("leader:2x4d", "leader:2hx4d"), (8, 2)),
        (("2x2x4", "4hx4"), (16, 4)),  # halving inside a node is levels of two
        (("8h@1", "2x2x2h"), (8, 4)),
    ],
)
def test_what_loads_every_round_alike_is_one_algorithm(
    names: tuple[str, ...], place: tuple[int, int]
) -> None:
    links = Links(Link(1e-6, 1e-10), Link(1e-5, 1e-9, node_ports=1.0), 1e-11)

    assert len({meaning(name, *place) for name in names}) == 1
    times = forecast(names, *place, SIZES, links)
    assert all(t == pytest.approx(times[names[0]]) for t in times.values())


@pytest.mark.parametrize(
    ("one", "other", "place"),
    [
        ("4", "4d", (4, 4)),
        ("8h", "2x2x2", (8, 4)),  # the first halves go over different links
        ("4x2", "2x4", (8, 4)),
        ("4x2", "4x2@1", (8, 4)),
        ("4x2", "shm:4x2", (8, 4)),
        ("lib:4x2", "lib:4x2@1", (8, 4)),
        ("leader:4x2", "full:4x2", (8, 4)),
    ],
)
def test_what_differs_in_links_or_executor_is_not(
    one: str, other: str, place: tuple[int, int]
) -> None:
    assert meaning(one, *place) != meaning(other, *place)


def test_where_times_are_equal_the_plain_name_comes_first() -> None:
    times = {"2dx4": (1.0,), "2x4": (1.0 + 1e-15,), "8": (2.0,), "4hx2": (1.0,)}
    assert ranked(times, 0) == ["2x4", "2dx4", "4hx2", "8"]


@settings(deadline=None, max_examples=5)
@given(links=machines(), place=st.sampled_from([(8, 4), (16, 4), (12, 2)]))
def test_no_two_survivors_are_one_algorithm(
    links: Links, place: tuple[int, int]
) -> None:
    for names in survivors(*place, SIZES, links, most=8).values():
        assert len({meaning(name, *place) for name in names}) == len(names)


def test_the_order_of_ranks_is_part_of_the_search() -> None:
    links = Links(Link(1e-6, 1e-10), Link(1e-5, 1e-9, node_ports=1.0), 1e-11)

    blocks = {parse(name).block for name in candidates(12, 6, SIZES, links)}

    assert blocks == {0, 1, 2, 3}
    assert not any("@" in name for name in candidates(6, 6, SIZES, links))


def test_an_order_wins_where_levels_do_not_fit_the_nodes() -> None:
    """Halving sends most in its first round: that is to stay inside a node."""
    links = Links(Link(1e-6, 1e-11), Link(1e-5, 8e-9, node_ports=1.0), 1e-11)
    times = forecast(["8h", "8h@1", "8h@2"], 8, 4, (2**24,), links)
    assert times["8h@1"][0] < times["8h@2"][0] < times["8h"][0]


def point(variant: str, time_s: float, size: int = 1024, nodes: int = 2) -> Measured:
    return Measured(nodes, size, variant, time_s, 1e-7, 10)


def test_crossovers_join_neighbouring_sizes_of_one_winner() -> None:
    points = [
        *(point("flat", 1.0, size) for size in (1, 2, 4, 8)),
        *(point("library", t, s) for s, t in ((1, 0.5), (2, 0.9), (4, 3.0), (8, 2.0))),
    ]
    rows = crossovers(points)
    assert [(r.from_bytes, r.to_bytes, r.variant) for r in rows] == [
        (1, 2, "library"),
        (4, 8, "flat"),
    ]
    assert rows[1].over_library == 3.0
    assert winners(points)[2, 8].variant == "flat"


def test_the_front_keeps_trade_offs_and_drops_what_is_beaten() -> None:
    fast, exact = point("fast", 1.0), replace(point("exact", 2.0), error=1e-8)
    beaten = replace(point("beaten", 3.0), error=1e-7)
    unknown = replace(point("library", 0.5), error=None, off_node_bytes=None)
    assert pareto([fast, exact, beaten, unknown]) == [fast, exact, unknown]


def test_losses_to_the_librarys_own_parts_are_ranges() -> None:
    times = {1: (1.0, 1.0), 2: (2.0, 1.0), 4: (3.0, 1.0), 8: (1.0, 2.0), 16: (2.0, 1.0)}
    points = [
        point(name, time, size)
        for size, pair in times.items()
        for name, time in zip(("library", "lib:flat"), pair, strict=True)
    ]
    found = [
        (loss.from_bytes, loss.to_bytes, loss.most) for loss in library_losses(points)
    ]
    assert found == [(2, 4, 3.0), (16, 16, 2.0)]
