"""From records to what methods know of their doubt: runs, the best, tables."""

import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace

from tenbin.record import Record
from tenbin.results import doubt, split, table, writers
from tenbin.results.concluded import setting
from tenbin.results.figures import (
    training,
    uncertainty_mix,
    uncertainty_roc,
    writers_recall,
)
from tenbin.results.report.grid import DOUBTS, SPLITS, WRITERS, grid
from tenbin.results.store import Run
from tests.builders import create_info
from tests.doubts import (
    mix_records,
    split_records,
    uncertainty_records,
    writers_records,
)


def launches_of(records: list[Record]) -> pd.DataFrame:
    return table.launches([Run(create_info(), records)])


def test_every_run_is_a_row() -> None:
    found = doubt.doubts(launches_of(uncertainty_records(2)))

    assert len(found) == 8
    assert found.groupby("variant")["run"].nunique().to_dict() == {
        "adam": 2,
        "mc": 2,
        "vogn": 2,
    }
    assert set(found["settings"]) == {"damping=1e-3", "", "dropout=0.2", "noise=0.1"}


def test_a_method_stands_at_the_rate_of_the_lowest_nll() -> None:
    records = uncertainty_records()
    worse = [
        replace(
            record,
            case=f"{record.case}-worse",
            problem={**record.problem, "rate": 0.5},
            details={"uncertainty": record.details["uncertainty"] | {"nll": 9.0}},
        )
        for record in records
    ]

    rows = doubt.best(doubt.doubts(launches_of([*records, *worse])))

    assert len(rows) == len(records)
    assert rows["nll"].max() < 1.0


def test_runs_without_doubts_make_no_table() -> None:
    assert doubt.tables(launches_of(writers_records(1))) == []
    assert doubt.tables(launches_of([])) == []


def test_methods_stand_in_a_table() -> None:
    ((title, frame),) = doubt.tables(launches_of(uncertainty_records()))
    made = grid(title, frame, DOUBTS)

    assert title == "Uncertainty: glyphs, lenet5"
    assert [row[0].text for row in made.body] == ["adam", "mc", "mc", "vogn"]
    assert [row[2].text for row in made.body] == ["3"] * 4


def test_the_table_has_gaps_where_there_are_no_letters() -> None:
    records = uncertainty_records()
    bare = [
        replace(r, details={"uncertainty": {
            key: value for key, value in r.details["uncertainty"].items()
            if key != "outside"
        }})
        for r in records
    ]  # fmt: skip
    rows = doubt.doubts(launches_of(bare))
    ((_, frame),) = doubt.tables(launches_of(bare))

    assert frame["outside_auroc"].isna().all()
    assert set(uncertainty_roc.points(rows)["side"]) == {"errors"}


def test_one_rank_alone_begins_every_mix() -> None:
    rows = uncertainty_mix.spread(launches_of(mix_records()))
    points = uncertainty_mix.points(rows)

    alone = points[points["ranks"] == 1]
    assert set(alone["mix"]) == set(uncertainty_mix.MIXES)
    assert np.allclose(alone["efficiency"], 1.0)
    at_four = points[points["ranks"] == 4].set_index("mix")["efficiency"]
    assert at_four["by samples"] > at_four["by parts of the batch"]


def test_recall_falls_with_writers_where_pairs_are_unbalanced() -> None:
    points = writers_recall.points(writers.writers(launches_of(writers_records())))

    siamese = points[points["variant"] == "siamese"]
    for pairs, recalls in siamese.groupby("pairs")["same_recall"]:
        falls = recalls.iloc[0] > recalls.iloc[-1] + 0.1
        assert falls == (pairs == "unbalanced")


def test_writers_stand_in_a_table_and_in_no_figure_of_training() -> None:
    launches = launches_of(writers_records())
    ((title, frame),) = writers.tables(launches)
    made = grid(title, frame, WRITERS)

    assert title == "Writers: glyphs, twin of lenet5"
    assert [name for name, _ in made.titles][-4:] == [
        "different", "balanced accuracy", "equal error rate", "AUROC",
    ]  # fmt: skip
    assert [row[1].text for row in made.body[:6]] == ["3", "3", "10", "10", "30", "30"]
    assert not training.fixed(launches).any()
    assert training.fixed(launches_of(uncertainty_records())).all()


def test_the_time_of_an_epoch_is_split_by_ranks() -> None:
    ((title, frame),) = split.tables(launches_of(split_records()))
    made = grid(title, frame, SPLITS)

    assert title == "Time of an epoch: glyphs, lenet5"
    shares = [[cell.text for cell in row[-4:]] for row in made.body]
    assert shares == [
        ["50.0 %", "25.0 %", "0.0 %", "25.0 %"],
        ["25.0 %", "12.5 %", "25.0 %", "37.5 %"],
    ]
    assert split.tables(launches_of(uncertainty_records())) == []


@pytest.mark.parametrize(
    ("text", "value"), [("", "1"), ("samples=4", "4"), ("a=1, samples = 8", "8")]
)
def test_a_setting_is_read_from_its_text(text: str, value: str) -> None:
    assert setting(text, "samples", "1") == value
