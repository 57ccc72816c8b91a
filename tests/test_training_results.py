"""Training runs as tables: medians over seeds, each method at its best."""

import numpy as np
import pandas as pd
import pytest

from tenbin.results import store, table, training
from tests.builders import create_info
from tests.networks import training_records


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    records = [r for r in training_records(3) if r.scaling == "fixed"]
    run = store.Run(create_info(), records)
    return training.epochs(table.launches([run]))


def test_a_run_has_a_row_for_every_epoch(rows: pd.DataFrame) -> None:
    assert len(rows) == 3 * 5 * 4
    elapsed_s = rows.groupby("epoch")["elapsed_s"].agg(["min", "max"])
    assert elapsed_s.to_numpy().tolist() == [[t, t] for t in (5.0, 7.0, 9.0, 11.0)]
    assert rows["sweep_s"].unique().tolist() == [2.0]  # without pre-training


def test_every_method_is_taken_at_its_best_setting(rows: pd.DataFrame) -> None:
    best = training.tuned(rows)

    sgd = best.loc[best["variant"] == "sgd", ["batch", "rate"]].drop_duplicates()
    assert sgd.to_numpy().tolist() == [[100, 0.1]]


def test_each_batch_has_a_rate_of_its_own(rows: pd.DataFrame) -> None:
    best = training.tuned(rows, within=["batch"])

    sgd = best[best["variant"] == "sgd"].groupby("batch")["rate"].unique()
    assert {batch: list(rates) for batch, rates in sgd.items()} == {
        100: [0.1],
        1000: [0.3],
    }


def test_seeds_make_the_interval(rows: pd.DataFrame) -> None:
    ends = training.last(training.tuned(rows))

    made = training.over(ends, ["variant"], ["test_error"]).set_index("variant")

    values = sorted(ends.loc[ends["variant"] == "sgd", "test_error"])
    row = made.loc["sgd"]
    found = [row[f"test_error{end}"] for end in ("_low", "", "_high")]
    assert found == values
    assert row["launches"] == 3


def test_an_accuracy_that_never_comes_takes_for_ever(rows: pd.DataFrame) -> None:
    found = training.reached(rows, [0.9, 0.999])

    times = found.groupby("target")["target_s"]
    assert times.max()[0.9] < np.inf
    assert times.min()[0.999] == np.inf


def test_targets_are_the_highest_that_a_method_reaches(rows: pd.DataFrame) -> None:
    assert training.targets(rows) == (0.97, 0.98, 0.985)
    worse = rows.assign(test_error=rows["test_error"] + 0.05)
    assert training.targets(worse) == (0.85, 0.9, 0.92)
    hopeless = rows.assign(test_error=0.9)
    assert training.targets(hopeless) == (0.5,)

    found = training.reached(worse)

    times = found[found["variant"] == "semi-nmf"].groupby("target")["target_s"]
    assert times.min().max() < np.inf


def test_a_line_is_that_of_the_best_run_of_each_batch() -> None:
    records = [r for r in training_records(2) if r.scaling == "fixed"]
    launches = table.launches([store.Run(create_info(), records)])

    found = training.lines(launches)

    assert len(found) == 4 * 2 * 13  # method and batch, seeds, points
    assert found.groupby("share")["test_loss"].min()[1.0] == 0.1
    assert training.lines(launches[:0]).empty


def test_settings_that_only_tell_more_are_no_method_of_their_own() -> None:
    assert training.deciding("line=13, mixup=0.2") == "mixup=0.2"
    assert training.deciding("line=13") == ""
