"""The report is one file, alone, safe, the same each time."""

import base64
import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from tenbin.errors import NoDataError
from tenbin.results.report import write_report
from tenbin.results.store import Run
from tests.builders import create_info, create_record, create_run, create_study
from tests.pages import HOSTILE, LONG, hostile_study


class Page(HTMLParser):
    """What a browser would see: elements, links, and text by element."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("href", "src", "xlink:href"):
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    return write_report([create_run(folder / "run")], folder / "out")


def test_needs_nothing_but_itself(report: Path) -> None:
    page = Page(report)

    outside = [link for link in page.links if not re.match(r"data:|#", link)]
    assert all((report.parent / link).is_file() for link in outside)
    assert not {"iframe", "object", "embed", "audio", "video"} & {*page.tags}
    assert page.tags.count("script") == 1
    assert "//" not in "".join(outside)


def test_ids_are_unique_and_references_resolve(report: Path) -> None:
    page = Page(report)

    assert len(page.ids) == len(set(page.ids))
    inner = {link[1:] for link in page.links if link.startswith("#")}
    assert inner <= set(page.ids)


def test_states_counts_failures_and_method(report: Path) -> None:
    text = report.read_text(encoding="utf-8")

    for fact in (
        "rank 0 raised MemoryError",
        "no answer for 120 s",
        "bound: error is 37.5 times its bound",
        "2x2 is faster than library at",
        "Strong scaling of gemm at 4 ranks",
        "allreduce of 8 B on 4 ranks of laptop takes",
        "Example 7 5800X",
        "records stopped because",
    ):
        assert fact in text, fact


def test_every_figure_has_its_files(report: Path) -> None:
    folder = report.parent / "figures"
    names = {path.stem for path in folder.iterdir()}

    for name in names:
        assert {path.suffix for path in folder.glob(f"{name}.*")} == {
            *(".png", ".pdf", ".csv", ".json")
        }
        content = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        text = (folder / f"{name}.csv").read_text(encoding="utf-8")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert len(content["rows"]) == len(rows) > 0
    assert len(names) == 8


def test_the_page_holds_the_data_of_its_figures(report: Path) -> None:
    links = [link for link in Page(report).links if link.startswith("data:text/csv")]

    assert len(links) == 8
    for link in links:
        text = base64.b64decode(link.partition(",")[2]).decode()
        assert "machine" in text.splitlines()[0]


def test_identical_data_give_identical_bytes(tmp_path: Path) -> None:
    runs = [
        create_run(tmp_path / name, run_id="run-1") for name in ("a", "b/elsewhere")
    ]

    pages = [
        write_report([run], tmp_path / f"out{number}")
        for number, run in enumerate(runs)
    ]

    first, second = (
        {path.relative_to(page.parent): path.read_bytes() for path in files}
        for page in pages
        for files in [[p for p in page.parent.rglob("*") if p.is_file()]]
    )
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    info = {"name": HOSTILE, "machine": {"hostname": HOSTILE, HOSTILE: [HOSTILE, LONG]}}
    run = create_run(tmp_path / "run", hostile_study(), **info, command=[HOSTILE, LONG])

    path = write_report([run], tmp_path / "out")

    page = Page(path)
    assert page.tags.count("script") == 1
    assert "b" not in page.tags
    assert "49" not in re.findall(r"\{\{.*?\}\}", path.read_text(encoding="utf-8"))
    assert path.stat().st_size < 2_000_000
    assert "x" * 3000 not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("machine", [{}, {"cpu": None, "peaks": {"flops": [3]}}])
def test_an_unknown_machine_is_no_obstacle(
    tmp_path: Path, machine: dict[str, object]
) -> None:
    run = create_run(tmp_path / "run", create_study(1), machine=machine)

    text = write_report([run], tmp_path / "out").read_text(encoding="utf-8")

    assert "unnamed machine" in text
    assert "1 launch: not comparable" in text


def test_only_failures_make_a_report(tmp_path: Path) -> None:
    records = [create_record(status="timeout", reason="hung", launch=i) for i in (0, 1)]

    page = write_report([create_run(tmp_path / "run", records)], tmp_path / "out")

    assert "Nothing could be measured" in page.read_text(encoding="utf-8")


def test_refuses_an_empty_run(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="hold no record"):
        write_report([create_run(tmp_path / "run", [])], tmp_path / "out")


def test_says_what_was_left_out_while_reading(tmp_path: Path) -> None:
    create_run(tmp_path / "run", [create_record()])
    with (tmp_path / "run" / "records.jsonl").open("ab") as file:
        file.write(b'{"torn": ')
    from tenbin.results import store

    page = write_report(store.load([tmp_path]), tmp_path / "out")

    assert "1 line left out: torn or damaged" in page.read_text(encoding="utf-8")


def test_long_tables_are_capped_and_say_so(tmp_path: Path) -> None:
    records = [create_record(label=f"p{i:04}", flops=i + 1) for i in range(1200)]

    page = write_report([create_run(tmp_path / "run", records)], tmp_path / "out")

    text = page.read_text(encoding="utf-8")
    assert "the first 1,000 of 1,200 rows" in text
    assert len(pd.read_csv(page.parent / "cases.csv")) == 1200


def test_remarks_stand_below_their_figure_and_in_the_method(report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    content = json.loads((report.parent / "figures/allreduce_busbw-1.json").read_text())

    assert "ran with more ranks than cores." in text
    assert "checked against the twelve rules of Hoefler and Belli (2015). Of 8" in text
    assert {one["rule"] for one in content["remarks"]} == {2, 11}


def test_a_curve_from_two_softwares_is_remarked(tmp_path: Path) -> None:
    both = [
        Run(
            create_info(run_id=f"run-{ranks}", tenbin=f"0.{ranks}", revision=""),
            [create_record(scaling="strong", ranks=ranks, run_id=f"run-{ranks}")],
        )
        for ranks in (1, 2)
    ]

    text = write_report(both, tmp_path).read_text(encoding="utf-8")

    assert "Mixed on one curve: tenbin (0.1 and 0.2)." in text


def test_crossovers_are_tabulated(report: Path) -> None:
    text = report.read_text(encoding="utf-8")

    assert "AllReduce: crossover" in text
    assert re.search(r"<td>faster from \d+[KM]iB on</td>", text)


def test_points_have_a_title_without_script(report: Path) -> None:
    text = report.read_text(encoding="utf-8")

    assert re.search(r"<title>library · 1KiB · [^<]* · 5 launches</title>", text)
