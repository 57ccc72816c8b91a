"""From records to what methods know of their doubt: runs, the best, tables."""

import numpy as np
import pandas as pd
import pytest
from msgspec.structs import replace

from tenbin.record import Record
from tenbin.results import doubt, table
from tenbin.results.figures import uncertainty_mix, uncertainty_roc, writers_recall
from tenbin.results.report.grid import DOUBTS, grid
from tenbin.results.store import Run
from tests.builders import create_info
from tests.doubts import mix_records, uncertainty_records, writers_records


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
    points = writers_recall.points(doubt.writers(launches_of(writers_records())))

    siamese = points[points["variant"] == "siamese"]
    for pairs, recalls in siamese.groupby("pairs")["same_recall"]:
        falls = recalls.iloc[0] > recalls.iloc[-1] + 0.1
        assert falls == (pairs == "unbalanced")


@pytest.mark.parametrize(
    ("text", "value"), [("", "1"), ("samples=4", "4"), ("a=1, samples = 8", "8")]
)
def test_a_setting_is_read_from_its_text(text: str, value: str) -> None:
    assert doubt.setting(text, "samples", "1") == value
