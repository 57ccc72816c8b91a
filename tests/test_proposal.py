"""The section for a proposal says what the data say, and is safe to paste."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tenbin.cli.scaling import command
from tenbin.errors import NoDataError, UsageError
from tenbin.record import Record
from tenbin.results import proposal
from tenbin.results.scaling_text import paragraph
from tenbin.results.store import Run
from tenbin.results.text_table import latex_text, markdown_text
from tests.builders import create_info, create_record, create_run
from tests.noisy import long_ladder_records

HOSTILE = "50%_of {a} & $b$ #1 ~ ^ \\input{x} | <b> \u6f22"


def scaled(records: list[Record]) -> proposal.Scaled:
    return proposal.scale([Run(create_info(), records)])


def sentences(records: list[Record], variant: str = "numpy") -> str:
    found = scaled(records).fitted
    (one,) = [one for one in found if one.scaling == "strong"
              and one.points["variant"].iloc[0] == variant]  # fmt: skip
    return " ".join(paragraph(one))


def test_the_paragraph_names_reference_gain_and_limits() -> None:
    text = sentences(long_ladder_records())

    assert "Relative to the reference (1 rank, 37.0 ms)" in text
    assert "32 ranks on 8 nodes reach a speed-up of 14." in text
    assert "95 % interval" in text
    assert "Amdahl: serial fraction 0.03" in text
    assert "Universal scalability law: contention" in text
    assert "x 1/p" in text
    assert "At 64 ranks it expects" in text


def test_marked_points_are_explained() -> None:
    failed = create_record(
        variant="numpy", scaling="strong", label="n2048", ranks=64, ranks_per_node=4,
        flops=2 * 2048**3, status="failed", reason="rank 3 died", check=None,
    )  # fmt: skip

    text = sentences([*long_ladder_records(), failed])

    assert "Marked at 64 ranks: failed: rank 3 died." in text


def test_superlinear_points_are_explained() -> None:
    records = [
        create_record(scaling="strong", ranks=ranks, launch=launch, seed=launch,
                      flops=10**9, time_s=4.0 / ranks**1.3)
        for ranks in (1, 2, 4, 8)
        for launch in range(5)
    ]  # fmt: skip

    assert "often the share of a rank fits in cache" in sentences(records)


def test_few_counts_give_a_reason_instead_of_a_model() -> None:
    short = [one for one in long_ladder_records() if one.ranks <= 4]

    assert "No model from 3 rank counts: 4 are needed" in sentences(short)


def test_no_ladder_is_no_data() -> None:
    with pytest.raises(NoDataError, match="no ladder here"):
        scaled([create_record()])


def test_writes_words_tables_and_figures(tmp_path: Path) -> None:
    written = proposal.write(tmp_path, scaled(long_ladder_records(3)))

    names = {path.name for path in written}
    assert {"scaling.md", "scaling.tex", "strong.png", "weak.pdf"} <= names
    assert "model-strong.png" in names
    text = (tmp_path / "scaling.md").read_text()
    assert text.count("![") == 4
    assert (tmp_path / "scaling.tex").read_text().count(r"\\") == 25


def test_identical_data_give_identical_files(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        proposal.write(tmp_path / folder, scaled(long_ladder_records(3)))

    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_names_cannot_break_out_of_latex_or_markdown() -> None:
    tex = latex_text(HOSTILE)

    assert "\\input{" not in tex
    assert tex.isascii()
    assert tex.count("{") == tex.count("}")
    assert "<b>" not in markdown_text(HOSTILE).replace("\\<b", "")


def test_the_command_prints_rows_and_writes(tmp_path: Path) -> None:
    create_run(tmp_path / "run", long_ladder_records(3))
    options = ["--baseline", "2", "--format", "json", "--proposal", str(tmp_path / "p")]

    done = CliRunner().invoke(
        command, [str(tmp_path / "run"), *options], standalone_mode=False
    )

    assert done.return_value == 0
    rows = json.loads(done.stdout)
    assert len(rows) == 24
    assert {row["base_ranks"] for row in rows} == {2.0}
    assert (tmp_path / "p" / "scaling.md").is_file()


def test_does_not_extrapolate_at_will(tmp_path: Path) -> None:
    create_run(tmp_path / "run", long_ladder_records(3))
    arguments = [str(tmp_path / "run"), "--extrapolate", "1000"]

    with pytest.raises(UsageError, match="beyond 4 times"):
        CliRunner().invoke(
            command, arguments, standalone_mode=False, catch_exceptions=False
        )

    forced = CliRunner().invoke(command, [*arguments, "--force"], standalone_mode=False)
    assert "too far to be relied on" in forced.stderr
