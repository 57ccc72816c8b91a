"""Scaling names its baseline, proves its work, and never flatters."""

from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.analysis_bars import NOISES, coverage
from tenbin.errors import UsageError
from tenbin.record import Record
from tenbin.results import scaling, table
from tenbin.results.ratio_interval import ratio_interval
from tenbin.results.store import Run
from tests.builders import MACHINE, create_info, create_record, ladder_records


def launches_of(*records: Record) -> pd.DataFrame:
    return table.launches([Run(create_info(), records)])


def ladder(
    times: dict[int, float], scaling: str = "strong", **fields: object
) -> list[Record]:
    work = 10**9
    return [
        create_record(
            scaling=scaling,
            ranks=ranks,
            time_s=time * (1 + 0.001 * launch),
            launch=launch,
            flops=work if scaling == "strong" else work * ranks,
            **fields,
        )
        for ranks, time in times.items()
        for launch in range(5)
    ]


def test_compares_with_the_smallest_measured_rank_count() -> None:
    rows = scaling.strong(launches_of(*ladder({2: 8.0, 4: 4.0, 8: 4.0})))

    assert list(rows["ranks"]) == [2, 4, 8]
    assert set(rows["base_ranks"]) == {2}
    assert rows["baseline"].str.startswith("2 ranks, 8.").all()
    assert rows["speedup"].tolist() == pytest.approx([1.0, 2.0, 2.0], rel=0.01)
    assert rows["efficiency"].tolist() == pytest.approx([1.0, 1.0, 0.5], rel=0.01)
    assert rows["note"].tolist() == ["reference", "", ""]


def test_weak_scaling_compares_times() -> None:
    rows = scaling.weak(launches_of(*ladder({1: 1.0, 2: 1.0, 4: 2.0}, "weak")))

    assert rows["efficiency"].tolist() == pytest.approx([1.0, 1.0, 0.5], rel=0.01)
    assert rows["speedup"].tolist() == pytest.approx([1.0, 2.0, 2.0], rel=0.01)


def test_refuses_to_call_it_weak_when_the_work_per_rank_varies() -> None:
    records = ladder({1: 1.0, 2: 1.0}, "weak")
    heavier = create_record(scaling="weak", ranks=4, flops=5 * 10**9, time_s=1.0)

    rows = scaling.weak(launches_of(*records, heavier))

    assert rows["efficiency"].isna().all()
    assert rows["note"].str.contains("25 %: not weak scaling").all()


def test_oversubscribed_points_give_no_efficiency_unless_forced() -> None:
    records = ladder({1: 4.0, 2: 2.0})
    crowded = ladder({4: 3.0}, flags=["oversubscribed"])
    rows = launches_of(*records, *crowded)

    plain, forced = scaling.strong(rows), scaling.strong(rows, force=True)

    assert np.isnan(plain["efficiency"].iloc[-1])
    assert plain["note"].iloc[-1] == "oversubscribed: no efficiency"
    assert forced["efficiency"].iloc[-1] == pytest.approx(1 / 3, rel=0.01)
    assert forced["note"].iloc[-1] == "oversubscribed, forced"


def test_an_oversubscribed_point_is_never_the_baseline() -> None:
    crowded = ladder({1: 1.0}, flags=["oversubscribed"])

    rows = scaling.strong(launches_of(*crowded, *ladder({2: 1.0, 4: 0.5})))

    assert set(rows["base_ranks"]) == {2}


def test_failed_points_are_listed_with_their_reason() -> None:
    failed = create_record(
        scaling="strong", ranks=4, flops=10**9, status="failed", reason="rank 3 died"
    )

    rows = scaling.strong(launches_of(*ladder({1: 4.0, 2: 2.0}), failed))

    assert rows["note"].iloc[-1] == "failed: rank 3 died"
    assert np.isnan(rows["efficiency"].iloc[-1])


def test_marks_what_is_too_good() -> None:
    rows = scaling.strong(launches_of(*ladder({1: 4.0, 2: 1.0})))

    assert rows["note"].iloc[-1] == "superlinear: check cache and reference"


def test_one_launch_gives_no_interval() -> None:
    rows = scaling.strong(launches_of(*ladder_records(launches=1)))

    assert rows["efficiency"].notna().any()
    assert rows["efficiency_low"].isna().all()


def test_placements_with_equal_ranks_are_told_apart() -> None:
    one = ladder({4: 2.0, 8: 1.0}, ranks_per_node=4)
    other = ladder({4: 2.0, 8: 1.5}, ranks_per_node=2)

    rows = scaling.strong(launches_of(*one, *other))

    assert set(rows["placement"]) == {"2 per node", "4 per node"}
    assert (rows["note"] == "reference").sum() == 2


def test_a_baseline_can_be_named() -> None:
    rows = scaling.strong(launches_of(*ladder({1: 8.0, 2: 4.0, 4: 3.0})), baseline=2)

    assert set(rows["base_ranks"]) == {2}
    assert rows["efficiency"].tolist() == pytest.approx([1.0, 1.0, 2 / 3], rel=0.01)
    assert rows["note"].tolist() == ["", "reference", ""]
    assert rows["karp_flatt"].notna().tolist() == [False, False, True]


def test_a_baseline_that_is_not_there_names_the_choices() -> None:
    with pytest.raises(UsageError, match="no baseline of 3 ranks; choose from 1, 2"):
        scaling.strong(launches_of(*ladder({1: 8.0, 2: 4.0})), baseline=3)


def test_a_series_without_the_named_baseline_says_so() -> None:
    other = ladder({1: 4.0, 4: 2.0}, variant="other")

    rows = scaling.strong(launches_of(*ladder({2: 4.0, 4: 2.0}), *other), baseline=2)

    lacking = rows[rows["variant"] == "other"]
    assert lacking["efficiency"].isna().all()
    assert set(lacking["note"]) == {"the ladder has no reference: no efficiency"}


def test_marks_points_of_other_software() -> None:
    newer = dict(MACHINE, mpi={"name": "MPICH", "version": "4.3.1"})
    first = Run(create_info(), ladder({1: 4.0, 2: 2.0}))
    later = Run(create_info(run_id="run-2", machine=newer),
                ladder({4: 1.1}, run_id="run-2"))  # fmt: skip

    rows = scaling.strong(table.launches([first, later]))

    note = "mixed software: MPI MPICH 4.3.1 (reference: MPI MPICH 4.3.0)"
    assert rows["note"].tolist() == ["reference", "", note]
    assert rows["efficiency"].notna().all()


def test_marks_a_point_whose_launches_differ_in_software() -> None:
    first = Run(create_info(), ladder({1: 4.0, 2: 2.0}))
    later = Run(create_info(run_id="run-2", tenbin="0.2.0"),
                ladder({2: 2.0}, run_id="run-2"))  # fmt: skip

    rows = scaling.strong(table.launches([first, later]))

    assert rows["note"].iloc[1].startswith("mixed software: its launches differ")


positive = st.floats(1e-6, 1e3)
launch_times = st.lists(positive, min_size=3, max_size=8)


@given(launch_times, launch_times, st.floats(0.01, 100.0), st.randoms())
def test_an_interval_follows_the_scale_not_the_order(
    over: list[float], under: list[float], factor: float, random: Random
) -> None:
    low, high = ratio_interval(over, under)
    mixed = random.sample(over, len(over))

    scaled = ratio_interval([factor * t for t in mixed], [factor * t for t in under])

    assert scaled == pytest.approx((low, high), rel=1e-6)
    ratio = float(np.median(over) / np.median(under))
    assert low <= ratio * (1 + 1e-9)
    assert ratio <= high * (1 + 1e-9)


def test_intervals_of_few_launches_stay_finite() -> None:
    low, high = ratio_interval([1.0, 1.01, 1.02], [2.0, 2.0, 2.0])

    assert 0.4 < low < 0.51 < high < 0.6


@pytest.mark.slow
@pytest.mark.parametrize("name", NOISES)
def test_intervals_cover_the_true_efficiency(name: str) -> None:
    assert 0.92 <= coverage(NOISES[name], simulations=400, seed=2) <= 0.985
