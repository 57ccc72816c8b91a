"""tenbin layers: what a user sees of a network; optional variants of a study."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tenbin.cli import cli
from tenbin.errors import NoDataError, UsageError
from tenbin.expand import expand
from tenbin.study import find_study, load_study
from tests.builders import create_run, gemm_records
from tests.networks import conv_records


def test_prints_every_layer_and_the_whole_network(tmp_path: Path) -> None:
    create_run(tmp_path / "run", conv_records())

    result = CliRunner().invoke(cli, ["layers", str(tmp_path)], catch_exceptions=False)

    lines = [line.split() for line in result.output.splitlines()]
    assert ["Layers", "of", "lenet-5"] in lines
    assert sum(line[:1] == ["C1"] for line in lines) == 3
    assert any(
        line[:5] == ["whole", "network", "1", "auto", "float16"] for line in lines
    )
    assert "nan" not in result.output


def test_gives_raw_values_to_programs(tmp_path: Path) -> None:
    create_run(tmp_path / "run", conv_records())

    result = CliRunner().invoke(
        cli, ["layers", str(tmp_path), "--format", "json"], catch_exceptions=False
    )

    rows = json.loads(result.output)
    auto = [row for row in rows if row["variant"] == "auto"]
    assert [row["layer"] for row in auto] == ["C1", "C3", "C5", "whole network"]
    assert auto[-1]["time_s"] == pytest.approx(sum(row["time_s"] for row in auto[:-1]))
    assert auto[0]["base"] == "im2col"


def test_names_the_networks_that_are_there(tmp_path: Path) -> None:
    create_run(tmp_path / "run", conv_records())
    create_run(tmp_path / "other" / "run", gemm_records(1))

    with pytest.raises(UsageError, match=r"no network in these runs vgg; .* lenet-5"):
        cli.main(["layers", str(tmp_path), "--network", "vgg"], standalone_mode=False)
    with pytest.raises(NoDataError, match="no network was weighed"):
        cli.main(["layers", str(tmp_path / "other")], standalone_mode=False)


STUDY = """
[[bench]]
kernel = "conv"
network = "lenet-5"
variant = "im2col"
optional = "half"
dtype = "float32"
"""


def test_optional_variants_may_be_missing(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(STUDY)

    expansion = expand(load_study(path), str(path))

    assert {case.variant for case in expansion.cases} == {"im2col"}
    assert expansion.skipped == (
        "skipped 3 cases of conv: half computes float16, not float32",
    )


def test_optional_variants_must_exist(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(STUDY.replace('"half"', '"halves"'))

    with pytest.raises(UsageError, match=r"bench.0: optional: no conv variant halves"):
        expand(load_study(path), str(path))


def test_the_layer_study_expands() -> None:
    study = load_study(find_study("half-precision"))

    expansion = expand(study, here=False)

    networks = {"lenet-5": 3, "alexnet": 5, "vgg-16": 9, "resnet-50": 23}
    plain = [
        case
        for case in expansion.cases
        if (case.variant, case.dtype) == ("im2col", "float32")
    ]
    assert len(plain) >= sum(networks.values())
    declined = {case.variant for case, _ in expansion.declined}
    assert declined <= {"dot", "winograd4", "winograd6"}
