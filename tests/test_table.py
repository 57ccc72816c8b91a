"""Tables say what the records say: no more, no less, and nothing twice."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tenbin.record import Record
from tenbin.results import ratios, table
from tenbin.results.store import Run
from tests.builders import (
    MACHINE,
    allreduce_records,
    create_info,
    create_record,
    create_run,
    create_samples,
    gemm_records,
)


def launches_of(*records: Record, **info: object) -> pd.DataFrame:
    return table.launches([Run(create_info(**info), records)])


def test_the_time_is_last_exit_less_first_entry() -> None:
    samples = create_samples()
    samples = type(samples)(
        entry_ns=[[5, 0], [0, 3], [0, 0]],
        exit_ns=[[30, 100], [300, 20], [200, 1]],
        cpu_ns=[0, 0, 0],
        late=[1],
        warmup_ns=[900, 400],
        start="barrier",
        residual_ns=50,
        stop="budget",
    )

    row = launches_of(create_record(ranks=2, samples=samples)).iloc[0]

    assert row["median_s"] == pytest.approx(200e-9)
    assert (row["samples"], row["warmups"], row["late"]) == (3, 2, 1)
    assert (row["start"], row["stop"]) == ("barrier", "budget")
    assert row["first_s"] == pytest.approx(900e-9)
    assert (row["min_s"], row["max_s"]) == pytest.approx((100e-9, 300e-9))


def test_a_wrong_result_has_no_time() -> None:
    rows = launches_of(create_record(status="wrong"))

    assert not rows["valid"].iloc[0]
    assert np.isnan(rows["median_s"].iloc[0])
    assert table.cases(rows)["interval"].iloc[0] == "not measured"


def test_a_case_is_the_median_of_its_launches() -> None:
    times = (5e-3, 1e-3, 3e-3)
    records = [create_record(launch=i, time_s=time) for i, time in enumerate(times)]

    rows = launches_of(*records)
    case = table.cases(rows).iloc[0]

    medians = sorted(rows["median_s"])
    assert case["time_s"] == medians[1]
    assert (case["low_s"], case["high_s"]) == (medians[0], medians[2])
    assert case["interval_level"] == 0.75
    assert case["launch_s"] == tuple(medians)


@pytest.mark.parametrize(
    ("count", "text"),
    [(1, "1 launch: not comparable"), (2, "2 launches: no interval"), (3, "")],
)
def test_few_launches_give_no_interval(count: int, text: str) -> None:
    rows = launches_of(*(create_record(launch=launch) for launch in range(count)))

    case = table.cases(rows).iloc[0]

    assert case["interval"] == text
    assert np.isnan(case["low_s"]) == bool(text)


def test_agrees_with_a_loop_over_cases() -> None:
    rows = launches_of(*gemm_records(launches=7))

    cases = table.cases(rows)

    for case in cases.itertuples():
        medians = np.sort(rows.loc[rows["case"] == case.case, "median_s"])
        assert case.time_s == pytest.approx(np.median(medians), rel=1e-15)
        assert (case.low_s, case.high_s) == (medians[0], medians[-1])
        assert case.launches == 7


def test_failed_launches_are_counted_not_averaged() -> None:
    rows = launches_of(
        create_record(launch=0),
        create_record(launch=1, status="timeout", reason="no answer for 2 s"),
    )

    case = table.cases(rows).iloc[0]

    assert (case["launches"], case["failed"], case["attempts"]) == (1, 1, 2)
    assert (case["status"], case["reason"]) == ("timeout", "no answer for 2 s")


def test_machines_are_never_merged() -> None:
    other = {**MACHINE, "hostname": "cluster"}
    runs = [
        Run(create_info(run_id=run_id, machine=machine), [create_record(run_id=run_id)])
        for run_id, machine in (("a", MACHINE), ("b", other))
    ]

    cases = table.cases(table.launches(runs))

    assert sorted(cases["machine"]) == ["cluster", "laptop"]


def test_a_run_given_twice_counts_once() -> None:
    run = Run(create_info(), gemm_records(launches=2))

    once, twice = table.launches([run]), table.launches([run, run])

    pd.testing.assert_frame_equal(once, twice)


def test_rates_follow_from_work_and_time() -> None:
    record = create_record(ranks=1, flops=75_000_000, bytes=1000, time_s=2e-3)

    case = table.cases(launches_of(record)).iloc[0]

    assert case["flop_per_s"] == 75e6 / case["time_s"]
    assert case["peak_share"] == pytest.approx(1e-3 / case["time_s"])
    assert case["bound_s"] == pytest.approx(1e-3)
    assert np.isnan(case["busbw_byte_per_s"])


def test_what_links_allow_is_the_bound_of_what_moves_over_them() -> None:
    record = create_record(time_s=2e-3, details={"bound_s": 1e-3})

    case = table.cases(launches_of(record)).iloc[0]

    assert case["bound_s"] == 1e-3
    assert case["bound_share"] == pytest.approx(1e-3 / case["time_s"])


def test_an_empty_machine_leaves_bounds_empty() -> None:
    case = table.cases(launches_of(create_record(), machine={})).iloc[0]

    assert case["machine"] == "unnamed machine"
    assert np.isnan(case["peak_share"])
    assert case["flop_per_s"] > 0.0


def test_no_records_make_empty_tables() -> None:
    rows = launches_of()

    assert table.cases(rows).empty


def test_colours_do_not_depend_on_the_order_of_records(tmp_path: Path) -> None:
    records = allreduce_records(launches=1)

    forth = create_run(tmp_path / "forth", records)
    back = create_run(tmp_path / "back", reversed(records))

    pd.testing.assert_frame_equal(table.launches([forth]), table.launches([back]))


def test_ratios_pair_times_of_the_same_launch() -> None:
    records = [
        create_record(
            kernel="allreduce",
            variant=variant,
            ranks=2,
            label="8B",
            message_bytes=8,
            launch=launch,
            time_s=1e-3 * disturbance * factor,
        )
        for launch, disturbance in enumerate((1.0, 10.0, 3.0))
        for variant, factor in (("library", 1.0), ("flat", 2.0))
    ]

    ratio = ratios.paired(launches_of(*records), "library").iloc[0]

    assert ratio["variant"] == "flat"
    assert ratio["ratio"] == pytest.approx(2.0, rel=1e-3)
    assert ratio["ratio_high"] == pytest.approx(2.0, rel=1e-3)
    assert ratio["pairs"] == 3
