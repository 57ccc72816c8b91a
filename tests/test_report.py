"""The report is one file, alone, safe, the same each time; it works in a browser."""

import base64
import csv
import io
import json
import re
import shutil
import subprocess
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from msgspec.structs import replace

from tenbin.errors import NoDataError
from tenbin.record import Record
from tenbin.results.report import write_report
from tenbin.results.store import Run
from tests.builders import (
    create_info,
    create_record,
    create_run,
    create_samples,
    create_study,
)

HOSTILE = "</script><script>document.title='owned'</script><b>\"'\n{{ 7*7 }} \u6f22"
LONG = "x" * 10_000
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # the browser's own calls stay here too
    "--enable-logging=stderr",
)
DARK = "--blink-settings=preferredColorScheme=0"


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


def hostile_study() -> list[Record]:
    words = HOSTILE + LONG
    return [
        replace(record, variant=words, label=words, case=record.case + words)
        if number % 2
        else replace(record, reason=words, output=[words], flags=[words])
        for number, record in enumerate(create_study(2))
    ] + [create_record(status="failed", reason=words, output=[words] * 50, launch=9)]


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


def test_crossovers_are_tabulated(report: Path) -> None:
    text = report.read_text(encoding="utf-8")

    assert "AllReduce: crossover" in text
    assert re.search(r"<td>faster from \d+[KM]iB on</td>", text)


def test_points_have_a_title_without_script(report: Path) -> None:
    text = report.read_text(encoding="utf-8")

    assert re.search(r"<title>library · 1KiB · [^<]* · 5 launches</title>", text)


def chromium(folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Run the browser once with a profile of its own."""
    assert CHROMIUM is not None
    return subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={folder}", *flags],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )


def browse(page: Path, folder: Path, *flags: str) -> tuple[str, str]:
    """Return the document after its script has run, and what the console said."""
    waiting = "--virtual-time-budget=2000"
    done = chromium(folder, waiting, *flags, "--dump-dom", page.as_uri())
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout, "\n".join(console)


def drive(page: Path, folder: Path, script: str, *flags: str) -> dict[str, Any]:
    """Return what a script appended to the page leaves as JSON in the title.

    The page's own policy forbids that script, so the copy that is driven has none.
    """
    text = page.read_text(encoding="utf-8")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    copy = folder / "driven.html"
    copy.write_text(f"{text}<script>{script}</script>", encoding="utf-8")
    document, console = browse(copy, folder / "user", *flags)
    found = re.search(r"<title>(\{.*?\})</title>", document)
    assert found is not None, console
    answer: dict[str, Any] = json.loads(found[1])
    return answer


def large_study() -> list[Record]:
    """Return 20,000 records: 10 algorithms, 100 sizes, 4 rank counts, 5 launches."""
    return [
        create_record(
            kernel="allreduce",
            variant=f"algorithm-{variant}",
            label=f"{size}B",
            message_bytes=size,
            ranks=ranks,
            ranks_per_node=1,
            flops=None,
            bytes=None,
            launch=launch,
            samples=SAMPLES[launch],
        )
        for ranks in (2, 4, 8, 16)
        for variant in range(10)
        for size in (4 * (n + int(1.17**n)) for n in range(1, 101))
        for launch in range(5)
    ]


SAMPLES = [create_samples(1e-3 * (1 + 0.01 * i), seed=i) for i in range(5)]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = Run(create_info(), large_study())
    return write_report([run], tmp_path_factory.mktemp("large"))


needs_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


class TestInABrowser:
    pytestmark = needs_browser

    def test_the_console_stays_silent(self, report: Path, tmp_path: Path) -> None:
        document, console = browse(report, tmp_path / "user")

        assert console == ""
        assert "quick · tenbin report" in document

    def test_hostile_words_do_not_run(self, tmp_path: Path) -> None:
        run = create_run(tmp_path / "run", hostile_study(), name=HOSTILE)
        page = write_report([run], tmp_path / "out")

        document, console = browse(page, tmp_path / "user")

        assert "<title>owned" not in document
        assert console == ""

    def test_sorts_and_filters_and_asks_for_nothing(
        self, report: Path, tmp_path: Path
    ) -> None:
        answer = drive(report, tmp_path, DRIVER)

        assert answer["up"] == sorted(answer["up"])
        assert answer["down"] == sorted(answer["down"], reverse=True)
        assert answer["sort"] == "descending"
        assert answer["shown"] == 24
        assert answer["said"] == "24 of 73 rows"
        assert answer["back"] == 73
        assert answer["requests"] == []

    def test_the_policy_stops_every_request(self, report: Path, tmp_path: Path) -> None:
        text = report.read_text(encoding="utf-8")
        page = tmp_path / "asking.html"
        asking = '<img src="http://192.0.2.1/a.png"><script>document.title="!"</script>'
        page.write_text(text.replace("</main>", f"{asking}</main>"), encoding="utf-8")

        document, console = browse(page, tmp_path / "user")

        assert "<title>!" not in document
        assert console.count("Content Security Policy") == 2

    def test_keys_and_pointer_show_values(self, report: Path, tmp_path: Path) -> None:
        answer = drive(report, tmp_path, VALUES)

        assert answer["before"] is True
        assert answer["first"].endswith("launches")
        assert answer["second"] != answer["first"]
        assert answer["back"] == answer["first"]
        assert answer["pointed"] == answer["first"]
        assert answer["after"] is True
        assert answer["titles"] == 0

    def test_has_a_dark_and_a_light_look(self, report: Path, tmp_path: Path) -> None:
        light = drive(report, tmp_path, LOOK)
        dark = drive(report, tmp_path, LOOK, DARK)

        assert sum(light["paper"]) > 700 > 100 > sum(dark["paper"])
        assert sum(dark["ink"]) > 600
        assert dark["line"] != light["line"]

    def test_prints_its_tables_whole(self, report: Path, tmp_path: Path) -> None:
        pdf = tmp_path / "page.pdf"

        chromium(tmp_path / "user", f"--print-to-pdf={pdf}", report.as_uri())
        answer = drive(as_printed(report, tmp_path), tmp_path, WIDTHS, PRINT_SIZE)

        assert len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes())) >= 3
        assert answer["wide"] == []

    @pytest.mark.slow
    def test_20000_records_open_at_once(self, large: Path, tmp_path: Path) -> None:
        blank = tmp_path / "blank.html"
        blank.write_text("<!doctype html><title>blank</title>")

        def opens_s(page: Path) -> float:
            began = time.perf_counter()
            chromium(tmp_path / "user", "--dump-dom", page.as_uri())
            return time.perf_counter() - began

        opens_s(blank)  # makes the profile
        assert large.stat().st_size < 5_000_000
        assert min(opens_s(large) - opens_s(blank) for _ in range(3)) < 2.0


def as_printed(page: Path, folder: Path) -> Path:
    """Return a copy whose rules for paper hold on the screen as well."""
    text = page.read_text(encoding="utf-8").replace("@media print", "@media all")
    copy = folder / "printed.html"
    copy.write_text(text, encoding="utf-8")
    return copy


PRINT_SIZE = "--window-size=1032,700"  # A4 landscape less its margins
WIDTHS = """
const wide = [...document.querySelectorAll("table, figure")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.textContent.slice(0, 60));
document.title = JSON.stringify({ wide });
"""
LOOK = """
const rgb = (one, what) => getComputedStyle(one)[what].match(/\\d+/g).map(Number);
document.title = JSON.stringify({
  paper: rgb(document.body, "backgroundColor"),
  ink: rgb(document.body, "color"),
  line: getComputedStyle(document.querySelector("svg path[style*=series]")).stroke,
});
"""
VALUES = """
const picture = document.querySelector(".picture");
const bubble = document.querySelector(".tip");
const answer = { before: bubble.hidden };
const press = (key) => {
  picture.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  return bubble.textContent;
};
picture.focus();
answer.first = press("ArrowRight");
answer.second = press("ArrowRight");
answer.back = press("ArrowLeft");
press("Escape");
const place = picture.querySelector(".told circle").getBoundingClientRect();
const clientX = place.left + place.width / 2, clientY = place.top + place.height / 2;
bubble.textContent = "";
picture.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY }));
answer.pointed = bubble.textContent;
picture.blur();
answer.after = bubble.hidden;
answer.titles = document.querySelectorAll("svg title").length;
document.title = JSON.stringify(answer);
"""

DRIVER = """
const grid = [...document.querySelectorAll(".grid")].find(
  (one) => one.querySelector("h3").textContent.includes("allreduce"));
const headings = [...grid.querySelectorAll("th")];
const column = headings.findIndex((one) => one.textContent === "time");
const keys = () => [...grid.querySelector("tbody").rows]
  .map((row) => row.cells[column].dataset.key).filter(Boolean).map(Number);
const button = headings[column].querySelector("button");
const filter = grid.querySelector("input");
const type = (text) => {
  filter.value = text;
  filter.dispatchEvent(new Event("input"));
  return [...grid.querySelector("tbody").rows].filter((row) => !row.hidden).length;
};
button.click();
const up = keys();
button.click();
const answer = { up, down: keys(), sort: headings[column].getAttribute("aria-sort") };
answer.shown = type("LIBRARY fl");
answer.said = grid.querySelector("output").textContent;
answer.back = type("");
answer.requests = performance.getEntriesByType("resource")
  .map((one) => one.name).filter((name) => !name.startsWith("data:"));
document.title = JSON.stringify(answer);
"""
