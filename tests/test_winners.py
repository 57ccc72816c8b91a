"""The winner map and the crossovers say what paired launches decide, not more."""

from collections.abc import Mapping

import pandas as pd
import pytest

from tenbin.record import Record
from tenbin.results import table
from tenbin.results.crossover import crossovers
from tenbin.results.ratios import paired
from tenbin.results.store import Run
from tenbin.results.winners import winners
from tests.builders import create_info, create_record

SIZES = (64, 4096, 2**20)


def launches_of(
    times_s: Mapping[str, tuple[float, ...]], noise: float = 0.0, launches: int = 5
) -> pd.DataFrame:
    """Return launches of variants, one time for each of SIZES; noise disturbs one."""
    records: list[Record] = [
        create_record(
            kernel="allreduce",
            variant=variant,
            ranks=4,
            label=f"{size}B",
            flops=None,
            bytes=None,
            message_bytes=size,
            launch=launch,
            time_s=time * (1 + noise * (launch % 2) * (variant == "tree")),
        )
        for variant, times in times_s.items()
        for size, time in zip(SIZES, times, strict=True)
        for launch in range(launches)
    ]
    return table.launches([Run(create_info(), records)])


def verdicts(launches: pd.DataFrame) -> list[str]:
    return list(crossovers(paired(launches, "library"))["verdict"])


def test_the_fastest_wins_by_its_lead() -> None:
    found = winners(launches_of({"library": (1.0, 2.0, 3.0), "tree": (2.0, 1.0, 3.9)}))

    assert list(found["variant"]) == ["library", "tree", "library"]
    assert list(found["second"]) == ["tree", "library", "tree"]
    assert found["decided"].all()
    assert found["margin"].tolist() == pytest.approx([2.0, 2.0, 1.3], rel=0.05)


def test_a_lead_within_the_noise_is_not_decided() -> None:
    launches = launches_of({"library": (1.0,) * 3, "tree": (0.9,) * 3}, noise=0.5)

    assert not winners(launches)["decided"].any()


def test_two_launches_decide_nothing() -> None:
    launches = launches_of({"library": (1.0,) * 3, "tree": (9.0,) * 3}, launches=2)

    assert not winners(launches)["decided"].any()


def test_one_variant_alone_is_no_contest() -> None:
    assert winners(launches_of({"library": (1.0,) * 3})).empty


def test_a_third_near_the_fastest_leaves_it_undecided() -> None:
    times = {"library": (9.0,) * 3, "tree": (1.02,) * 3, "ring": (1.0,) * 3}

    assert not winners(launches_of(times, noise=-0.1))["decided"].any()


@pytest.mark.parametrize(
    ("tree", "verdict"),
    [
        ((2.0, 2.0, 2.0), "no crossover"),
        ((0.5, 0.5, 0.5), "faster at every size"),
        ((2.0, 0.5, 0.5), "faster from 4KiB on"),
        ((0.5, 2.0, 2.0), "faster up to 64B"),
        ((0.5, 2.0, 0.5), "faster up to 64B and from 1MiB on"),
        ((2.0, 0.5, 2.0), "no crossover"),
    ],
)
def test_a_crossover_is_where_all_beyond_is_faster(
    tree: tuple[float, ...], verdict: str
) -> None:
    assert verdicts(launches_of({"library": (1.0,) * 3, "tree": tree})) == [verdict]


def test_no_crossover_within_the_noise() -> None:
    launches = launches_of({"library": (1.0,) * 3, "tree": (0.9,) * 3}, noise=0.5)

    assert verdicts(launches) == ["no crossover"]


def test_no_pairs_make_an_empty_table() -> None:
    assert verdicts(launches_of({"tree": (1.0,) * 3})) == []
