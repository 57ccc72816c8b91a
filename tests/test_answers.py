"""What a precision does to the answers of a net, as tables and on the command line."""

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from tenbin.cli import cli
from tenbin.record import Record
from tenbin.results import answers, table
from tenbin.results.store import Run
from tests.builders import create_info, create_run
from tests.networks import conv_records, inference_records


def answered(records: list[Record]) -> pd.DataFrame:
    ((_, frame),) = answers.tables(table.launches([Run(create_info(), records)]))
    return frame


def test_every_precision_has_a_row_with_its_top1() -> None:
    found = answered(inference_records())

    assert list(found["precision"]) == ["fp32", "dfp16", "mfp16"]
    assert found["top1"].tolist() == pytest.approx([0.98, 0.98, 0.977])
    assert found["top1_change"].tolist() == pytest.approx([0.0, 0.0, -0.003])
    assert found["changed_answers"].tolist() == [0.0, 0.0, 3.0]


def test_speed_up_is_over_fp32_by_image() -> None:
    records = [
        replace(record, problem={"dataset": "mnist", "images": 100}, case="fewer")
        if record.variant == "half"
        else record
        for record in inference_records()
    ]

    found = answered(records).set_index("precision")["speedup"]

    assert found["fp32"] == 1.0
    assert found["dfp16"] == pytest.approx(2.0, rel=0.05)
    assert found["mfp16"] == pytest.approx(0.001, rel=0.05)


def test_without_fp32_there_is_no_speed_up() -> None:
    records = [r for r in inference_records() if r.variant != "im2col"]

    assert answered(records)["speedup"].isna().all()


def test_a_failed_precision_is_shown_without_numbers() -> None:
    bad = {"status": "failed", "reason": "killed", "samples": None, "check": None}
    records = [
        replace(record, **bad, details={"threads": 1})
        if record.variant == "half"
        else record
        for record in inference_records()
    ]

    found = answered(records)

    assert found["status"].tolist() == ["ok", "ok", "failed"]
    assert found["top1"].isna().tolist() == [False, False, True]


def test_data_sets_have_tables_of_their_own() -> None:
    records = inference_records()
    other = {"dataset": "glyphs", "images": 1000}
    records += [replace(r, problem=other, case=f"g{r.case}") for r in records]

    found = answers.tables(table.launches([Run(create_info(), records)]))

    titles = [title for title, _ in found]
    assert titles == ["Answers of lenet-5 on glyphs", "Answers of lenet-5 on mnist"]


def test_the_command_line_prints_top1_below_the_layers(tmp_path: Path) -> None:
    create_run(tmp_path / "run", [*conv_records(), *inference_records()])

    result = CliRunner().invoke(cli, ["layers", str(tmp_path)], catch_exceptions=False)

    layers, _, below = result.output.partition("Answers of lenet-5 on mnist")
    lines = [line.split() for line in below.splitlines()]
    assert "whole network" in layers
    assert any(line[:2] == ["mfp16", "half"] and "97.70%" in line for line in lines)
    assert any("-0.30" in line for line in lines)


def test_programs_read_top1_beside_the_layers(tmp_path: Path) -> None:
    create_run(tmp_path / "run", [*conv_records(), *inference_records()])

    result = CliRunner().invoke(
        cli, ["layers", str(tmp_path), "--format", "json"], catch_exceptions=False
    )

    rows = json.loads(result.output)
    told = {row["precision"]: row["top1_change"] for row in rows if row["precision"]}
    assert told == pytest.approx({"fp32": 0.0, "dfp16": 0.0, "mfp16": -0.003})
    assert {tuple(row) for row in rows} == {tuple(rows[0])}
